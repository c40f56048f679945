// What the engine noted besides the series: read leniently, since a run that went wrong has gaps in its facts, too.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/invariants/judge.hpp"

namespace squall::facts {

/// Null when it is not there, or is no object.
const boost::json::object* object(const boost::json::object& parent, std::string_view key);
std::string text(const boost::json::object& parent, std::string_view key);  ///< "" likewise
bool flag(const boost::json::object& parent, std::string_view key);         ///< false likewise

/// Does the target say so itself? "drops", "disconnects", "reasons", "ends", "drops_by_connection".
bool declares(const History& history, std::string_view what);
/// It ended by itself: what it would have declared after that is missing.
bool target_exited(const History& history);
/// A fault ended it and started it again: what its process counted between its last page and its end is lost.
bool target_restarted(const History& history);
/// Why what the target's metrics page counts cannot be held against anything; empty: it can.
std::string page_problem(const History& history);

/// A fault that was injected, or should have been, and left no witness.
struct Untested {
    std::string fault;
    Nanos since = 0;
};
/// The first of them, if any.
std::optional<Untested> first_untested(const Scenario& scenario, const History& history);

struct Spell {
    Nanos start = 0;
    Nanos end = 0;
};
/// While faults were in force that run on the target's CPUs themselves.
std::vector<Spell> cpu_taken_on_purpose(const Scenario& scenario, const History& history);

/// One for each fault of the scenario (its witness), one more for each that was not healed, for each problem of the
/// rig, for a target that exited though it should not have, and for one that a fault has started again.
std::vector<Finding> findings(const Scenario& scenario, const History& history);

}  // namespace squall::facts
