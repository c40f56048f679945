#include "faults/kernel/thread_affinity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <tuple>

namespace squall::kernel {
namespace {

Status still_there(const ProcessId& thread) {
    const auto now = identify_process(thread.pid);
    if (now && now->start_time == thread.start_time) return {};
    return Error{fmt::format("thread {} has ended", thread.pid), ESRCH};
}

}  // namespace

std::vector<ProcessId> threads_of(const std::vector<ProcessId>& processes) {
    std::vector<ProcessId> threads;
    for (const auto& process : processes) {
        std::error_code gone_meanwhile;
        for (std::filesystem::directory_iterator entry(fmt::format("/proc/{}/task", process.pid), gone_meanwhile), end;
             !gone_meanwhile && entry != end; entry.increment(gone_meanwhile)) {
            const std::string name = entry->path().filename().string();
            pid_t number = 0;
            std::from_chars(name.data(), name.data() + name.size(), number);
            if (const auto thread = identify_process(number)) threads.push_back(*thread);
        }
    }
    const auto key = [](const ProcessId& thread) { return std::tuple(thread.start_time, thread.pid); };
    std::sort(threads.begin(), threads.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
    return threads;
}

Result<cpu_set_t> affinity(const ProcessId& thread) {
    if (auto there = still_there(thread); !there) return there.error();
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    if (sched_getaffinity(thread.pid, sizeof cpus, &cpus) != 0) {
        return system_failure(fmt::format("reading which CPUs thread {} may use", thread.pid), errno);
    }
    return cpus;
}

Status set_affinity(const ProcessId& thread, const cpu_set_t& cpus) {
    if (auto there = still_there(thread); !there) return there;
    if (sched_setaffinity(thread.pid, sizeof cpus, &cpus) != 0) {
        return system_failure(fmt::format("setting the CPUs of thread {} to {}", thread.pid, to_text(cpus)), errno);
    }
    return {};
}

std::string to_text(const cpu_set_t& cpus) {
    std::string text;
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &cpus)) text += fmt::format("{}{}", text.empty() ? "" : ",", cpu);
    }
    return text;
}

Result<cpu_set_t> parse_cpus(std::string_view text) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        std::size_t cpu = 0;
        const auto [rest, error] = std::from_chars(at, end, cpu);
        if (error != std::errc{} || cpu >= CPU_SETSIZE || (rest != end && *rest != ',')) {
            return Error{fmt::format("'{}' is no list of CPUs, such as 0,2,3", text)};
        }
        CPU_SET(cpu, &cpus);
        if (rest == end) return cpus;
        at = rest + 1;
    }
}

}  // namespace squall::kernel
