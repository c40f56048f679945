#include "faults/kernel/target_processes.hpp"

#include <algorithm>
#include <tuple>

#include "faults/kernel/cgroup.hpp"

namespace squall::kernel {

std::vector<ProcessId> target_processes(const Cgroup* cgroup, const std::string& run_id) {
    std::vector<ProcessId> found = processes_of_run(run_id);
    if (cgroup != nullptr) {
        for (const pid_t pid : cgroup->processes()) {
            if (const auto process = identify_process(pid)) found.push_back(*process);
        }
    }
    const auto key = [](const ProcessId& process) { return std::tuple(process.start_time, process.pid); };
    std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    const auto same = [&](const auto& a, const auto& b) { return key(a) == key(b); };
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
    return found;
}

}  // namespace squall::kernel
