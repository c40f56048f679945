// Processes that a later process may have to end: a pid alone may by then be somebody else's, so it goes together
// with the time its process was started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall::kernel {

struct ProcessId {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< clock ticks since boot: /proc/PID/stat, field 22
    pid_t group = 0;               ///< field 5
};

/// Errors: there is no such process.
Result<ProcessId> identify_process(pid_t pid);

struct ProcessActivity {
    bool stopped = false;  ///< by a signal, every thread of it; or it waits in the kernel for one that is
    Nanos cpu_time = 0;    ///< user and system, in whole clock ticks
};
/// Errors: it is not there any more.
Result<ProcessActivity> process_activity(const ProcessId& process);

/// Does not wait for what comes of it. Success where kill_process has it.
Status signal_process(const ProcessId& process, int signal);

/// SIGKILL, then waits until it is gone or a zombie. A process that has gone already, or a pid that belongs to a
/// process with another start time, is success: ours is not there any more.
Status kill_process(const ProcessId& process);

/// "SQUALL_RUN=ID": in the environment of a run's target, and so of everything that the target starts.
std::string run_variable(const std::string& run_id);

/// What bears the run's variable: also what a wrapper script started and left behind, in whatever session, without a
/// control group; not what clears or overwrites its environment.
std::vector<ProcessId> processes_of_run(const std::string& run_id);

/// kill_process for all of them. Error: one cannot be killed, or there is a process in the target's own process group
/// whose environment squall may not read (it changed its user), so that nobody can tell whether it is the run's.
Status kill_processes_of_run(const std::string& run_id, pid_t target);

}  // namespace squall::kernel
