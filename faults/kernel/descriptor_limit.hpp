// RLIMIT_NOFILE of another process, and the descriptors that count against it.
#pragma once

#include <cstdint>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/kernel/process.hpp"

namespace squall::kernel {

/// The soft limit: descriptors get numbers below it. Errors: the process is gone (ESRCH), or another user's.
Result<std::uint64_t> descriptor_limit(const ProcessId& process);
/// The hard limit stays, and bounds it. Errors: as above, and a limit above the hard one.
Status set_descriptor_limit(const ProcessId& process, std::uint64_t soft);

/// Numbers of the descriptors that are open, in order. Errors: as above.
Result<std::vector<std::uint64_t>> open_descriptors(const ProcessId& process);

/// How many more can be opened under `limit`: by numbers, since the kernel gives out the lowest that is free.
std::uint64_t descriptors_left(const std::vector<std::uint64_t>& open, std::uint64_t limit);
/// The greatest limit that leaves `headroom` more to be opened.
std::uint64_t limit_that_leaves(const std::vector<std::uint64_t>& open, std::uint64_t headroom);

}  // namespace squall::kernel
