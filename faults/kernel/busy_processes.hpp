// Processes that do nothing but use CPU time.
#pragma once

#include <sched.h>

#include <memory>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/core/units.hpp"
#include "faults/kernel/process.hpp"

namespace squall::kernel {

class Cgroup;

class BusyProcesses {
public:
    /// `count` of them in `group`, on `cpus`, each busy for `share` of the time (0..1). They die with squall: the
    /// kernel ties that to the calling thread, which has to live as long as the run.
    static Result<std::unique_ptr<BusyProcesses>> start(const Cgroup& group, int count, double share,
                                                        const cpu_set_t& cpus);
    ~BusyProcesses();  ///< kills them

    Nanos cpu_time() const;  ///< in whole clock ticks of each
    std::size_t alive() const;

private:
    BusyProcesses() = default;
    std::vector<ProcessId> processes_;
};

}  // namespace squall::kernel
