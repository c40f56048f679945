#include "faults/core/run_queue_wait.hpp"

#include <dirent.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace squall {
namespace {

std::vector<pid_t> threads_of(pid_t process) {
    std::vector<pid_t> threads;
    DIR* directory = opendir(fmt::format("/proc/{}/task", process).c_str());
    if (directory == nullptr) return threads;
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') threads.push_back(std::atoi(entry->d_name));
    }
    closedir(directory);
    return threads;
}

/// The second field of schedstat (Linux, Documentation/scheduler/sched-stats.rst).
std::optional<Nanos> run_queue_wait(pid_t process, pid_t thread) {
    std::ifstream file(fmt::format("/proc/{}/task/{}/schedstat", process, thread));
    Nanos ran = 0, waited = 0;
    if (!(file >> ran >> waited)) return std::nullopt;
    return waited;
}

}  // namespace

std::optional<Nanos> RunQueueWait::read(const std::vector<pid_t>& processes) {
    std::map<pid_t, Nanos> now;
    for (const pid_t process : processes) {
        for (const pid_t thread : threads_of(process)) {
            const auto last = by_thread_.find(thread);
            auto waited = run_queue_wait(process, thread);
            // One that cannot be read now, and can later, must not count from its start then.
            if (!waited && last != by_thread_.end()) waited = last->second;
            if (!waited) continue;
            // One that counts less than before is another thread under an old number.
            const bool known = last != by_thread_.end() && last->second <= *waited;
            total_ += known ? *waited - last->second : *waited;
            now.emplace(thread, *waited);
        }
    }
    by_thread_ = std::move(now);
    if (by_thread_.empty()) return std::nullopt;
    return total_;
}

}  // namespace squall
