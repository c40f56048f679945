// What the kernel says about the target's processes: memory, CPU time, descriptors, threads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall {

struct ProcessUsage {
    std::uint64_t resident_bytes = 0;
    std::uint64_t proportional_bytes = 0;  ///< PSS; equals RSS where smaps_rollup may not be read
    /// Of the PSS: anonymous and shared memory. Pages of files (programs, libraries) are not in it: what falls to this
    /// tree of those changes with every other process that uses the same file, whatever the tree does.
    std::uint64_t own_bytes = 0;
    bool proportional_known = true;
    Nanos cpu_time = 0;  ///< user and system, threads that have ended included
    std::uint32_t descriptors = 0;
    std::uint32_t threads = 0;
    std::uint32_t processes = 0;
};

/// `root` and everything that descends from it, as /proc shows it now.
std::vector<pid_t> process_tree(pid_t root);

/// Sums over `processes`; one that has ended meanwhile counts as nothing. Error: none of them could be read.
Result<ProcessUsage> process_usage(const std::vector<pid_t>& processes);

}  // namespace squall
