// How long threads waited for a CPU: what the scheduler itself counts.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <vector>

#include "faults/core/units.hpp"

namespace squall {

/// Time that the threads of some processes were runnable and not running; only differences mean anything. Threads that
/// end between two calls take their last wait with them.
class RunQueueWait {
public:
    /// The total so far. Nothing: the kernel keeps no such account (CONFIG_SCHED_INFO), or the processes are gone.
    std::optional<Nanos> read(const std::vector<pid_t>& processes);

private:
    std::map<pid_t, Nanos> by_thread_;
    Nanos total_ = 0;
};

}  // namespace squall
