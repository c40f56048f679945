#include "suites/metrics/stolen_cpu.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "faults/core/clock.hpp"

namespace squall {
namespace {

/// The CPUs that `process` may use: their idle and stolen time, from /proc/stat (proc(5)).
bool read_cpus(pid_t process, CpuContention& contention) {
    static const Nanos tick = nanos_per_second / sysconf(_SC_CLK_TCK);
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(process, sizeof allowed, &allowed) != 0) return false;
    contention.at = monotonic_now();
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("cpu", 0) != 0 || line.size() < 4 || line[3] == ' ') continue;
        std::istringstream fields(line.substr(3));
        std::size_t cpu = 0;
        Nanos user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
        fields >> cpu >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
        if (!fields || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed)) continue;
        contention.idle += (idle + iowait) * tick;
        contention.steal += steal * tick;
        contention.rounding += tick;
        ++contention.cpus;
    }
    return contention.cpus > 0;
}

}  // namespace

std::optional<double> stolen_cores(const CpuContention& before, const CpuContention& after) {
    const Nanos passed = after.at - before.at;
    if (passed <= 0 || after.cpus != before.cpus || after.used < before.used) return std::nullopt;
    const Nanos used = after.used - before.used;
    const Nanos steal = std::max<Nanos>(after.steal - before.steal, 0);
    const Nanos waited = after.waited - before.waited - (after.throttled - before.throttled);
    const Nanos all = static_cast<Nanos>(after.cpus) * passed;
    // What may be a rounded tick is not held against others: it would be there in every sample of an idle host.
    const Nanos others = std::max<Nanos>(all - (after.idle - before.idle) - steal - used - after.rounding, 0);
    const Nanos by_others = std::clamp<Nanos>(waited, 0, others);
    const double wanted = used + others > 0 ? static_cast<double>(used) / static_cast<double>(used + others) : 0;
    return (static_cast<double>(by_others) + wanted * static_cast<double>(steal)) / static_cast<double>(passed);
}

std::optional<CpuContention> ContentionReader::read(const std::vector<pid_t>& processes, Nanos used, Nanos throttled) {
    const auto waited = waited_.read(processes);
    if (!waited) return std::nullopt;
    CpuContention contention{.waited = *waited, .throttled = throttled, .used = used};
    if (!read_cpus(processes.front(), contention)) return std::nullopt;
    return contention;
}

}  // namespace squall
