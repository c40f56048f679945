// Processes that a later process may have to end: a pid alone may by then be somebody else's, so it goes together
// with the time its process was started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

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

/// "SQUALL_RUN=ID": in the environment of a run's target, and so of everything that the target starts.
std::string run_variable(const std::string& run_id);

/// SIGKILL to every process that bears the run's variable, as kill_process does. It finds what a wrapper script started
/// and left behind, in whatever session, without a control group; not what clears or overwrites its environment.
Status kill_processes_of_run(const std::string& run_id);

}  // namespace squall::kernel
