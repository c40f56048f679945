// CPU time that others took from the target: what its threads waited for a CPU, as far as others used those CPUs
// meanwhile. Either alone says too little: threads wait for each other as well, and others may use what nobody wants.
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "faults/core/run_queue_wait.hpp"
#include "faults/core/units.hpp"

namespace squall {

/// Totals up to an instant; only differences mean anything.
struct CpuContention {
    Nanos at = 0;
    Nanos waited = 0;     ///< runnable and not running, summed over the target's threads; while throttled as well
    Nanos throttled = 0;  ///< by the target's own quota
    Nanos used = 0;       ///< CPU time of the target
    Nanos idle = 0;       ///< of the target's CPUs, waiting for disks included
    Nanos rounding = 0;   ///< by which `idle` may be off: the kernel counts in ticks of each CPU
    Nanos steal = 0;      ///< of the target's CPUs: the hypervisor ran something else
    std::size_t cpus = 0;
};

/// In cores: 1 is one thread kept from running all of the time. The lesser of what the target waited beyond its own
/// quota and of what others ran on its CPUs, and its part of what the hypervisor took while there was work to do.
/// Nothing: no time has passed, or the target's CPUs are others than before.
std::optional<double> stolen_cores(const CpuContention& before, const CpuContention& after);

/// Reads them.
class ContentionReader {
public:
    /// `processes`: the target's tree, its root first. `used` and `throttled` are known to whoever reads the control
    /// group. Nothing: the kernel keeps no such account (CONFIG_SCHED_INFO), or the target is gone.
    std::optional<CpuContention> read(const std::vector<pid_t>& processes, Nanos used, Nanos throttled);

private:
    RunQueueWait waited_;
};

}  // namespace squall
