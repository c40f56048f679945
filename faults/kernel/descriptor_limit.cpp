#include "faults/kernel/descriptor_limit.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

namespace squall::kernel {
namespace {

Status still_there(const ProcessId& process) {
    const auto now = identify_process(process.pid);
    if (now && now->start_time == process.start_time) return {};
    return Error{fmt::format("process {} has ended", process.pid), ESRCH};
}

Result<rlimit> read_limit(const ProcessId& process) {
    if (auto there = still_there(process); !there) return there.error();
    rlimit limit{};
    if (prlimit(process.pid, RLIMIT_NOFILE, nullptr, &limit) != 0) {
        return system_failure(fmt::format("reading the descriptor limit of process {}", process.pid), errno);
    }
    return limit;
}

}  // namespace

Result<std::uint64_t> descriptor_limit(const ProcessId& process) {
    const auto limit = read_limit(process);
    if (!limit) return limit.error();
    return static_cast<std::uint64_t>(limit->rlim_cur);
}

Status set_descriptor_limit(const ProcessId& process, std::uint64_t soft) {
    const auto now = read_limit(process);
    if (!now) return now.error();
    const rlimit limit{soft, now->rlim_max};
    if (prlimit(process.pid, RLIMIT_NOFILE, &limit, nullptr) != 0) {
        return system_failure(fmt::format("setting the descriptor limit of process {} to {} (hard limit {})",
                                          process.pid, soft, now->rlim_max),
                              errno);
    }
    return {};
}

Result<std::vector<std::uint64_t>> open_descriptors(const ProcessId& process) {
    if (auto there = still_there(process); !there) return there.error();
    const std::string directory = fmt::format("/proc/{}/fd", process.pid);
    std::vector<std::uint64_t> open;
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        std::uint64_t number = 0;
        std::from_chars(name.data(), name.data() + name.size(), number);
        open.push_back(number);
    }
    if (failed) return system_failure("reading " + directory, failed.value());
    std::sort(open.begin(), open.end());
    return open;
}

std::uint64_t descriptors_left(const std::vector<std::uint64_t>& open, std::uint64_t limit) {
    const auto below = std::lower_bound(open.begin(), open.end(), limit) - open.begin();
    return limit - static_cast<std::uint64_t>(below);
}

std::uint64_t limit_that_leaves(const std::vector<std::uint64_t>& open, std::uint64_t headroom) {
    std::uint64_t limit = headroom;
    for (const std::uint64_t number : open) {  // each that is taken at or below the limit moves it up by one
        if (number > limit) break;
        ++limit;
    }
    return limit;
}

}  // namespace squall::kernel
