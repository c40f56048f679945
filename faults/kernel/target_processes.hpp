// Which processes the target consists of, whether squall made it a control group or not.
#pragma once

#include <string>
#include <vector>

#include "faults/kernel/process.hpp"

namespace squall::kernel {

class Cgroup;

/// The members of its control group (null: there is none) and what bears the run's variable, each once, the oldest
/// first. Empty: squall did not start the target, or it has ended.
std::vector<ProcessId> target_processes(const Cgroup* cgroup, const std::string& run_id);

}  // namespace squall::kernel
