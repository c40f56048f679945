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

/// Fields of /proc/PID/stat from the third on: the second, the program's name, may hold blanks and parentheses.
std::vector<std::string> stat_fields(pid_t pid) {
    const auto text = read_file(fmt::format("/proc/{}/stat", pid));
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream stream(text.substr(name_end + 1));
    std::vector<std::string> fields;
    for (std::string field; stream >> field;)
        fields.push_back(field);
    return fields;
}

// Indices into stat_fields, from proc(5)'s numbering less 3.
constexpr std::size_t stat_parent = 1;
constexpr std::size_t stat_user_time = 11;
constexpr std::size_t stat_system_time = 12;
constexpr std::size_t stat_threads = 17;
constexpr std::size_t stat_resident_pages = 21;

std::uint64_t number(const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
}

/// The kernel's sums, in kB: /proc/PID/smaps_rollup (proc(5); Pss_Anon and Pss_Shmem since Linux 5.2).
bool add_proportional(pid_t pid, ProcessUsage& usage) {
    std::istringstream rollup(read_file(fmt::format("/proc/{}/smaps_rollup", pid)));
    std::optional<std::uint64_t> all, anonymous;
    std::uint64_t shared = 0;
    for (std::string line; std::getline(rollup, line);) {
        const std::string value = line.substr(std::min(line.find(':') + 1, line.size()));
        if (line.starts_with("Pss:")) all = number(value) * 1024;
        if (line.starts_with("Pss_Anon:")) anonymous = number(value) * 1024;
        if (line.starts_with("Pss_Shmem:")) shared = number(value) * 1024;
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
        const auto fields = stat_fields(pid);
        if (fields.size() > stat_parent) children.emplace(static_cast<pid_t>(number(fields[stat_parent])), pid);
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
        const auto fields = stat_fields(pid);
        if (fields.size() <= stat_resident_pages) continue;
        const std::uint64_t resident = number(fields[stat_resident_pages]) * page_bytes;
        usage.resident_bytes += resident;
        if (!add_proportional(pid, usage)) {
            usage.proportional_bytes += resident;
            usage.own_bytes += resident;
            usage.proportional_known = false;
        }
        usage.cpu_time += static_cast<Nanos>(number(fields[stat_user_time]) + number(fields[stat_system_time])) * tick;
        usage.threads += static_cast<std::uint32_t>(number(fields[stat_threads]));
        for_each_entry(fmt::format("/proc/{}/fd", pid), [&](const char*) { ++usage.descriptors; });
        ++usage.processes;
    }
    if (usage.processes == 0) return Error{"read /proc of the target: none of its processes is there any more"};
    return usage;
}

}  // namespace squall
