// The books of a run: several witnesses of the same thing, reconciled over the whole run. The rules stand in
// docs/reference/expressions.md, "Books".
#pragma once

#include <string_view>
#include <vector>

#include "suites/invariants/judge.hpp"
#include "suites/invariants/measure.hpp"

namespace squall {

/// The share of the expected messages, or of the opened connections, that is accounted for. A problem without samples:
/// there was nothing to keep books of.
Measured account_messages(const History& history);
Measured account_connections(const History& history);

/// Nothing came twice, or beyond what was declared delivered.
bool delivered_right(const History& history);
/// What is off is lost messages of connections whose process a fault had ended: maybe dropped, and not yet declared.
bool lost_to_kills_only(const History& history);

/// accounted(): "messages" or "connections".
Measured accounted(const History& history, std::string_view what);

/// A finding on each of the books that no invariant of the scenario is about, as far as there is something in them.
std::vector<Finding> judge_unstated_books(const Scenario& scenario, const History& history);

}  // namespace squall
