// What the faults share that treat packets in the path: whom they are aimed at, which way, and how they say so.
#pragma once

#include <string>
#include <vector>

#include "faults/core/fault.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/proxy/target_view.hpp"

namespace squall::proxy {

/// `choice` "both", "to-target" or "to-subscriber".
OptionSpec direction_option(const char* fallback);
kernel::Direction direction_of(const Options& options);

/// An error where the run has no path with a filter in it, or no target of squall's own.
Status check_path(const Rig& rig, const char* fault);

/// The chosen connections that the target holds for ESTABLISHED; one that has ended cannot bear witness. An error if
/// there are none.
Result<std::vector<TargetSide>> aim_in_path(const Rig& rig, const Aim& aim, const char* fault);

/// A rule of the path that treats `chosen`.
Result<std::unique_ptr<kernel::PathRule>> treat_in_path(const Rig& rig, const kernel::Treatment& treatment,
                                                        const std::vector<TargetSide>& chosen);

/// How many of the first `count` connections of a rule met it with a packet at least.
std::size_t met(const kernel::PathCount& counts, std::size_t count);

}  // namespace squall::proxy
