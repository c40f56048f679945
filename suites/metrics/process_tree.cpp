#include "suites/metrics/process_tree.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "faults/core/process_stat.hpp"

namespace squall {
namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return file ? text.str() : std::string();
}

template <class Visit>
void for_each_entry(const std::string& path, Visit visit) {
    DIR* directory = opendir(path.c_str());
    if (!directory) return;
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') visit(entry->d_name);
    }
    closedir(directory);
}

std::string stat_path(pid_t pid) {
    return fmt::format("/proc/{}/stat", pid);
}

/// The kernel's sums, in kB: /proc/PID/smaps_rollup (proc(5); Pss_Anon and Pss_Shmem since Linux 5.2).
bool add_proportional(pid_t pid, ProcessUsage& usage) {
    std::istringstream rollup(read_file(fmt::format("/proc/{}/smaps_rollup", pid)));
    std::optional<std::uint64_t> all, anonymous;
    std::uint64_t shared = 0;
    for (std::string line; std::getline(rollup, line);) {
        const std::string value = line.substr(std::min(line.find(':') + 1, line.size()));
        if (line.starts_with("Pss:")) all = stat_number(value) * 1024;
        if (line.starts_with("Pss_Anon:")) anonymous = stat_number(value) * 1024;
        if (line.starts_with("Pss_Shmem:")) shared = stat_number(value) * 1024;
    }
    if (!all) return false;
    usage.proportional_bytes += *all;
    usage.own_bytes += anonymous ? *anonymous + shared : *all;
    return true;
}

}  // namespace

std::vector<pid_t> process_tree(pid_t root) {
    std::multimap<pid_t, pid_t> children;
    for_each_entry("/proc", [&](const char* name) {
        const pid_t pid = std::atoi(name);
        if (pid <= 0) return;
        const auto fields = stat_fields(stat_path(pid));
        if (fields.size() > stat_field::parent)
            children.emplace(static_cast<pid_t>(stat_number(fields[stat_field::parent])), pid);
    });
    std::vector<pid_t> tree{root};
    for (std::size_t i = 0; i < tree.size(); ++i) {
        const auto [first, last] = children.equal_range(tree[i]);
        for (auto child = first; child != last; ++child)
            tree.push_back(child->second);
    }
    return tree;
}

Result<ProcessUsage> process_usage(const std::vector<pid_t>& processes) {
    static const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    static const Nanos tick = nanos_per_second / sysconf(_SC_CLK_TCK);
    ProcessUsage usage;
    for (const pid_t pid : processes) {
        const auto fields = stat_fields(stat_path(pid));
        if (fields.size() <= stat_field::resident_pages || fields[stat_field::state] == "Z") continue;
        const std::uint64_t resident = stat_number(fields[stat_field::resident_pages]) * page_bytes;
        usage.resident_bytes += resident;
        if (!add_proportional(pid, usage)) {
            usage.proportional_bytes += resident;
            usage.own_bytes += resident;
            usage.proportional_known = false;
        }
        usage.cpu_time += static_cast<Nanos>(stat_number(fields[stat_field::user_time]) +
                                             stat_number(fields[stat_field::system_time])) *
                          tick;
        usage.threads += static_cast<std::uint32_t>(stat_number(fields[stat_field::threads]));
        for_each_entry(fmt::format("/proc/{}/fd", pid), [&](const char*) { ++usage.descriptors; });
        ++usage.processes;
    }
    if (usage.processes == 0) return Error{"read /proc of the target: none of its processes is there any more"};
    return usage;
}

}  // namespace squall
