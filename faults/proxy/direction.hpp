// The option `direction` of faults in the path and in the proxy.
#pragma once

#include "faults/core/option.hpp"
#include "faults/kernel/path_filter.hpp"

namespace squall::proxy {

/// `fallback`: "both", "to-target" or "to-subscriber".
OptionSpec direction_option(const char* fallback);
kernel::Direction direction_of(const Options& options);

}  // namespace squall::proxy
