// What stands in for a CPU quota where no control group can be had: in each period the processes run until they have
// used their quota, and are stopped (SIGSTOP) for the rest of it.
#pragma once

#include <memory>
#include <string>

#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup.hpp"

namespace squall::kernel {

/// Less exact than the kernel's: whoever looks sees the processes stopped, a shell that waits for them is told so, and
/// the quota is overrun by what is used between two looks, at least 1 ms apart.
class DutyCycle {
public:
    /// Of all that bears the run's variable. Errors: there is no such process, or one may not be stopped.
    static Result<std::unique_ptr<DutyCycle>> start(Journal& journal, const std::string& run_id, const CpuLimit& limit);
    virtual ~DutyCycle() = default;  ///< ends it

    /// From the next period on. Its burst has to be 0.
    virtual void set(const CpuLimit& limit) = 0;
    /// Takes in what the target has started meanwhile, with its undo record: to be called every 50 ms or so.
    virtual Status look_for_processes() = 0;
    virtual CpuStat stat() const = 0;
    /// They run again. The first failure of the thread that stops them, or of closing the records. Idempotent.
    virtual Status end() = 0;
};

}  // namespace squall::kernel
