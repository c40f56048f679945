// History -> Finding -> Verdict. Pure: the same history and scenario give the same verdict on any machine, any day.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/metrics/history.hpp"
#include "suites/model/scenario.hpp"

namespace squall {

/// In order of what composition must never hide: the larger one wins.
enum class Verdict { pass, inconclusive, fail, error };
std::string_view to_string(Verdict verdict);
Verdict worse(Verdict a, Verdict b);
int exit_code(Verdict verdict);  ///< 0, 3, 1, 4

struct Finding {
    std::string name;  ///< of the invariant, or "witness: cpu-cap", "rig: publish lag", "target: exited"
    Verdict verdict = Verdict::inconclusive;
    std::string expected;          ///< the expression, or a sentence
    std::string measured;          ///< "41.2ms"
    std::string bound;             ///< the right side's value: "20ms"; empty for sentences
    std::optional<double> margin;  ///< (bound - measured) / bound in the direction that holds: negative = violated
    std::string phase;             ///< or window: "pressure", "5s after pressure.end"
    std::uint64_t samples = 0;
    std::optional<Nanos> since;  ///< of a violation: when it was first so; of a recovery: when it held again
    std::string detail;          ///< why inconclusive; which labels or connections; the baseline's value
    Requirement requirement = Requirement::must;  ///< the invariant's
};

struct Judgement {
    Verdict verdict = Verdict::inconclusive;
    std::vector<Finding> findings;
};

/// Reads these of the history's facts, besides its series:
///   target.declares   {drops, disconnects, reasons, ends, drops_by_connection}: whether the target says so
///                     itself; then its word must agree with its clients'
///   target.exited     null, or {at_ns, how, expected}
///   target.restarts[]   {started_at_ns, ready_at_ns, ready_within_ns, seen_until_ns}: a fault ended its process
///   target.page_at_end  false: the last page of its metrics is missing
///   declared_log      {disconnects: {reason: how many}, dropped}
///   injections[]      {name, phase, injected_at_ns, healed_at_ns, error, heal_error, witness: {bit, evidence}},
///                     one for each fault of the scenario at least
///   rig.problems[]    sentences
///
/// Judges the scenario's invariants, the books (stated or not), each injection's witness, the rig's own share and the
/// target's survival.
/// An informational invariant is judged as any other, and its verdict is not the run's.
/// No invariant and no finding: inconclusive. An invariant over fewer than its samples_min, or without data:
/// inconclusive, with the reason; an exception inside one is a finding `inconclusive`, never a pass.
Judgement judge(const Scenario& scenario, const History& history);

}  // namespace squall
