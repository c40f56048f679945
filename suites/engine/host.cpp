#include "suites/engine/host.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "faults/core/clock.hpp"

namespace squall {
namespace {

/// The mask that squall was started with: pinning the rig must not narrow what the next run's target gets.
const std::vector<int>& allowed_cpus() {
    static const std::vector<int> cpus = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        std::vector<int> result;
        if (sched_getaffinity(0, sizeof set, &set) != 0) return result;
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) result.push_back(cpu);
        }
        return result;
    }();
    return cpus;
}

}  // namespace

boost::json::object host_facts() {
    utsname kernel{};
    uname(&kernel);
    struct sysinfo memory {};
    sysinfo(&memory);
    return {{"kernel", std::string(kernel.sysname) + " " + kernel.release},
            {"machine", kernel.machine},
            {"cpus", allowed_cpus().size()},
            {"memory_bytes", static_cast<std::uint64_t>(memory.totalram) * memory.mem_unit},
            {"load_1m", static_cast<double>(memory.loads[0]) / 65536.0},
            {"user_id", static_cast<std::uint64_t>(getuid())}};
}

CpuSplit split_cpus() {
    const auto& cpus = allowed_cpus();
    if (cpus.size() < 2) return {cpus, cpus};
    const auto middle = cpus.begin() + static_cast<std::ptrdiff_t>(cpus.size() / 2);
    return {{cpus.begin(), middle}, {middle, cpus.end()}};
}

Status pin_thread(const std::vector<int>& cpus) {
    if (cpus.empty()) return {};
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus)
        CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) return system_failure("pin a thread to its CPUs", errno);
    return {};
}

Status run_promptly() {
    const sched_param priority{.sched_priority = sched_get_priority_min(SCHED_RR)};
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority) == 0) return {};
    return system_failure("run the load generator at a real-time priority", errno, "run as root, or raise ulimit -r");
}

std::string make_run_id() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
    const auto unique =
        (static_cast<std::uint64_t>(monotonic_now()) >> 10U) * 31 + static_cast<std::uint64_t>(getpid());
    return fmt::format("r{}-{:04x}", stamp, unique & 0xFFFFU);
}

}  // namespace squall
