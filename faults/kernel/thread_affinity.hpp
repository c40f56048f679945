// Which CPUs a thread of another process may use.
#pragma once

#include <sched.h>

#include <string>
#include <string_view>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/kernel/process.hpp"

namespace squall::kernel {

/// Of all these processes, the oldest first. A thread is named as a process is: its number, and when it was started.
std::vector<ProcessId> threads_of(const std::vector<ProcessId>& processes);

/// Errors: the thread is gone (ESRCH).
Result<cpu_set_t> affinity(const ProcessId& thread);
/// Errors: as above; it is another user's; none of the CPUs is in its cpuset.
Status set_affinity(const ProcessId& thread, const cpu_set_t& cpus);

/// "0,2,3".
std::string to_text(const cpu_set_t& cpus);
/// Errors: no list of CPUs.
Result<cpu_set_t> parse_cpus(std::string_view text);

}  // namespace squall::kernel
