// A judgement for people and for machines. Pure: text in memory, from scenario, history and findings.
#pragma once

#include <string>
#include <vector>

#include "suites/invariants/judge.hpp"

namespace squall::report {

/// One finding on one line: expected, measured, margin, phase, samples, since when.
std::string finding_line(const Finding& finding, bool colour);

/// One run as a block: name, latency by phase and cohort, a line a finding, the verdict, where it is, and how to run it
/// again.
std::string to_text(const Scenario& scenario, const History& history, const Judgement& judgement,
                    const std::string& directory, const std::string& command, bool colour);

/// The object is described in docs/reference/run-directory.md.
std::string to_json(const Scenario& scenario, const History& history, const Judgement& judgement);

/// One HTML file that needs nothing else: docs/reference/report.md. `scenario_text`: as it was written; may be empty.
std::string to_html(const Scenario& scenario, const History& history, const Judgement& judgement,
                    const std::string& scenario_text);

/// What the files about several runs are made of.
struct RunResult {
    std::string scenario;
    std::string directory;
    std::string command;
    double seconds = 0;
    Judgement judgement;
};

/// A line a run, then the counts: what ends `squall run` of several scenarios.
std::string table(const std::vector<RunResult>& runs, bool colour);

/// JUnit: a suite a run, a test case a finding. A violated invariant is a <failure>; inconclusive and rig errors are
/// <error>s with the type saying which, since CI servers hide what is skipped.
std::string to_junit(const std::vector<RunResult>& runs);

/// {"verdict": worst, "runs": [...]}: the same findings as in each run's verdict.json.
std::string to_json(const std::vector<RunResult>& runs);

Verdict worst(const std::vector<RunResult>& runs);

}  // namespace squall::report
