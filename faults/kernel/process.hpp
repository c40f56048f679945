// Processes that a later process may have to end: a pid alone may by then be somebody else's, so it goes together
// with the time its process was started.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "faults/core/result.hpp"

namespace squall::kernel {

struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< clock ticks since boot: /proc/PID/stat, field 22
};

/// Errors: there is no such process.
Result<ProcessId> identify_process(pid_t pid);

/// SIGKILL, then waits until it is gone or a zombie. A process that has gone already, or a pid that belongs to a
/// process with another start time, is success: ours is not there any more.
Status kill_process(const ProcessId& process);

}  // namespace squall::kernel
