// accounted(): several witnesses of the same thing, reconciled over the whole run. The rules stand in
// docs/reference/expressions.md, "Books".
#pragma once

#include <string_view>

#include "suites/invariants/measure.hpp"

namespace squall {

/// "messages" or "connections".
Measured accounted(const History& history, std::string_view what);

}  // namespace squall
