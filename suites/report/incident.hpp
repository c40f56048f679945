// What `squall reproduce` says of incidents: whether each server behaved as the incident says. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suites/report/report.hpp"

namespace squall::report {

/// In order of what composition must never hide: the larger one wins.
enum class Outcome {
    observed,      ///< nothing was expected of it
    as_said,       ///< flawed, and failed by its invariant; or mended, and passed
    inconclusive,  ///< the rig could not tell
    otherwise,     ///< it behaved otherwise than the incident says
    error,         ///< the rig failed
};
std::string_view to_string(Outcome outcome);  ///< "observed", "as said", …
Verdict to_verdict(Outcome outcome);          ///< pass, pass, inconclusive, fail, error
int exit_code(Outcome outcome);               ///< 0, 0, 3, 1, 4

struct ServerResult {
    IncidentServer server;
    RunResult run;                          ///< the last play; without a directory it was not played
    std::vector<std::string> earlier_runs;  ///< directories of plays that could not tell
    std::string version;                    ///< of the target, as it says itself; empty: unknown
    Outcome outcome = Outcome::inconclusive;
    std::string reason;  ///< one sentence; empty: it behaved as said
};

struct IncidentResult {
    std::string name;
    std::string summary;
    Incident incident;
    std::vector<ServerResult> servers;  ///< those that were wanted
};

/// Outcome and reason, from the run's judgement. A flawed server is as said when all faults bit and the invariant
/// `fails` was violated; a mended one when the run passed. An observed one may do anything; one that is not installed
/// is not played (inconclusive, without a directory).
void settle(ServerResult& result);

Outcome worst(const IncidentResult& result);
Outcome worst(const std::vector<IncidentResult>& results);  ///< inconclusive where nothing was played

const Finding* find_finding(const Judgement& judgement, const std::string& name);  ///< null: there is none

/// One incident as a block: its story, a row a server and invariant that flawed servers fail by, the figures beside the
/// reported ones, where the runs are, and how to play it again.
std::string to_text(const IncidentResult& result, const std::string& command, bool colour);

/// A line an incident: what ends `squall reproduce` of several.
std::string table(const std::vector<IncidentResult>& results, bool colour);

/// Described by docs/reference/incidents.schema.json.
std::string to_json(const std::vector<IncidentResult>& results);

/// JUnit: a suite an incident, a test case a server. One that behaved otherwise is a <failure>, one of which the rig
/// could not tell an <error>.
std::string to_junit(const std::vector<IncidentResult>& results);

/// Its runs, as the pages' index names them.
std::vector<RunResult> runs_of(const std::vector<IncidentResult>& results);

}  // namespace squall::report
