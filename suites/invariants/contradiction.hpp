// What a client was told about its connection's end against what the target wrote down about it.
#pragma once

#include <set>
#include <string>

#include "suites/metrics/history.hpp"

namespace squall {

/// "said slow_consumer, declared client_closed"; empty: they agree, or one of them does not speak clearly. `words` are
/// the reasons that the target uses. The rules stand in docs/reference/expressions.md, "Books".
std::string contradiction(const Labels& end, const std::set<std::string>& words);

}  // namespace squall
