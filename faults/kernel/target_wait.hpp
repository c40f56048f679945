// How long the target's threads wait for a CPU since a fault began, beyond what they did before.
#pragma once

#include <string>

#include "faults/core/result.hpp"
#include "faults/core/run_queue_wait.hpp"

namespace squall::kernel {

class Cgroup;

/// Less the time for which the target's own quota throttled it, which the kernel counts as waiting. Threads wait for
/// each other as well: what they did on average over the life of the target's oldest process is taken off.
class TargetWait {
public:
    /// `cgroup` may be null.
    TargetWait(const Cgroup* cgroup, std::string run_id) : cgroup_(cgroup), run_id_(std::move(run_id)) {}

    /// Errors: no process of the target; the kernel keeps no such account (CONFIG_SCHED_INFO).
    Status begin();
    /// Some 5 times a second: threads that end between two calls take their last wait with them. Errors: as above; a
    /// target that is gone is none.
    Status sample();

    Nanos passed() const;     ///< since begin()
    Nanos waited() const;     ///< since begin(), up to the last sample; all threads together
    Nanos as_before() const;  ///< what that would be, had they gone on as before
    /// Longer than as before, by 1% of the time at least: an idle host's own waits are below that.
    bool rose() const;

private:
    Result<Nanos> throttled() const;

    const Cgroup* cgroup_;
    const std::string run_id_;
    RunQueueWait wait_;
    Nanos began_ = 0;
    Nanos waited_ = 0, waited_before_ = 0;
    Nanos throttled_ = 0, throttled_before_ = 0;
    double rate_before_ = 0;  ///< seconds waited in a second
};

}  // namespace squall::kernel
