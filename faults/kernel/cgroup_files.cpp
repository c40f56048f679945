#include "faults/kernel/cgroup_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>

namespace squall::kernel::cgroup_files {
namespace {

constexpr auto removal_timeout = std::chrono::seconds(10);
constexpr auto removal_poll = std::chrono::milliseconds(5);

struct Mount {
    std::filesystem::path path;
    bool unified = false;
    std::string options;
};

std::vector<Mount> cgroup_mounts() {
    std::vector<Mount> mounts;
    std::ifstream table("/proc/self/mounts");
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string device, path, type, options;
        fields >> device >> path >> type >> options;
        if (type == "cgroup" || type == "cgroup2") mounts.push_back({path, type == "cgroup2", options});
    }
    return mounts;
}

bool listed(std::string_view list, std::string_view word, char separator) {
    std::istringstream words{std::string(list)};
    for (std::string candidate; std::getline(words, candidate, separator);) {
        if (candidate == word) return true;
    }
    return false;
}

/// This process's own group, by controller; "" is v2's.
std::map<std::string, std::string> own_groups() {
    std::map<std::string, std::string> groups;
    std::ifstream file("/proc/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        std::istringstream controllers(line.substr(first + 1, second - first - 1));
        const std::string path = line.substr(second + 1);
        std::string controller;
        while (std::getline(controllers, controller, ','))
            groups[controller] = path;
        if (second == first + 1) groups[""] = path;
    }
    return groups;
}

bool may_make_groups_in(const std::filesystem::path& group) {
    return access(group.c_str(), W_OK) == 0 && access((group / "cgroup.procs").c_str(), W_OK) == 0;
}

/// In v2 a group may only have processes or controllers for its children, so ours goes into the nearest ancestor that
/// hands the CPU controller down already: switching it on there would change a group that is not ours.
std::optional<std::filesystem::path> find_unified(const std::map<std::string, std::string>& own) {
    for (const Mount& mount : cgroup_mounts()) {
        if (!mount.unified) continue;
        const auto group = own.find("");
        std::filesystem::path relative = group == own.end() ? "" : group->second.substr(1);
        while (true) {
            const std::filesystem::path candidate = mount.path / relative;
            const auto handed_down = read(candidate / "cgroup.subtree_control");
            if (handed_down && listed(*handed_down, "cpu", ' ') && may_make_groups_in(candidate)) return candidate;
            if (relative.empty()) break;
            relative = relative.parent_path();
        }
    }
    return std::nullopt;
}

/// In v1 below our own group, so that limits on squall itself hold for the target too; below the mount where that path
/// does not show (containers).
std::filesystem::path find_v1(const std::string& controller, const std::map<std::string, std::string>& own) {
    for (const Mount& mount : cgroup_mounts()) {
        if (mount.unified || !listed(mount.options, controller, ',')) continue;
        const auto group = own.find(controller);
        if (group != own.end() && group->second.size() > 1) {
            const std::filesystem::path inner = mount.path / group->second.substr(1);
            if (may_make_groups_in(inner)) return inner;
        }
        if (may_make_groups_in(mount.path)) return mount.path;
    }
    return {};
}

/// The descriptor pins the process, so that the signal cannot reach another one that got its pid meanwhile.
Status kill_member(const std::filesystem::path& group, pid_t pid) {
    const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (descriptor < 0) {
        if (errno == ESRCH) return {};
        return system_failure(fmt::format("opening process {} of {}", pid, group.string()), errno);
    }
    Status status;
    const auto still = processes(group);
    if (still && std::find(still->begin(), still->end(), pid) != still->end() &&
        syscall(SYS_pidfd_send_signal, descriptor, SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
        status = system_failure(fmt::format("killing process {} of {}", pid, group.string()), errno);
    }
    close(descriptor);
    return status;
}

Status kill_members(const std::filesystem::path& group) {
    const auto members = processes(group);
    if (!members) return members.error().system_error == ENOENT ? Status{} : Status{members.error()};
    for (const pid_t pid : *members) {
        if (pid == getpid()) return Error{"this process is itself inside " + group.string()};
        if (pid == 0) return Error{group.string() + " holds a process of another pid namespace; end it there"};
        if (auto killed = kill_member(group, pid); !killed) return killed;
    }
    return {};
}

std::vector<std::filesystem::path> subgroups(const std::filesystem::path& group) {
    std::vector<std::filesystem::path> found;
    std::error_code gone_meanwhile;
    for (std::filesystem::directory_iterator entry(group, gone_meanwhile), end; !gone_meanwhile && entry != end;
         entry.increment(gone_meanwhile)) {
        if (entry->is_directory(gone_meanwhile)) found.push_back(entry->path());
    }
    return found;
}

Status remove_tree(const std::filesystem::path& group) {
    for (const auto& inner : subgroups(group)) {
        if (auto removed = remove_tree(inner); !removed) return removed;
    }
    const auto deadline = std::chrono::steady_clock::now() + removal_timeout;
    while (true) {  // a member may fork while it is being killed, and a dying one keeps the group busy for a moment
        if (auto killed = kill_members(group); !killed) return killed;
        if (rmdir(group.c_str()) == 0 || errno == ENOENT) return {};
        if (errno != EBUSY || std::chrono::steady_clock::now() > deadline) {
            return system_failure("removing the control group " + group.string(), errno);
        }
        std::this_thread::sleep_for(removal_poll);
    }
}

}  // namespace

Result<Hierarchies> find_hierarchies() {
    const auto own = own_groups();
    if (const auto unified = find_unified(own)) {
        const auto handed_down = read(*unified / "cgroup.subtree_control");
        const bool memory = handed_down && listed(*handed_down, "memory", ' ');
        return Hierarchies{true, *unified, *unified, memory ? *unified : std::filesystem::path{}};
    }
    Hierarchies v1{false, find_v1("cpu", own), find_v1("cpuacct", own), find_v1("memory", own)};
    if (v1.cpu.empty()) {
        return Error{
            "no CPU controller of the control groups is writable; run as root with /sys/fs/cgroup mounted (and, on v2, "
            "echo '+cpu +memory' > /sys/fs/cgroup/cgroup.subtree_control), or have one delegated: "
            "systemd-run --user --scope -p Delegate=yes squall …"};
    }
    return v1;
}

Result<std::string> read(const std::filesystem::path& file) {
    const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return system_failure("opening " + file.string(), errno);
    std::string text;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(descriptor, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<std::size_t>(got));
    const int number = errno;
    close(descriptor);
    if (got < 0) return system_failure("reading " + file.string(), number);
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

Status write(const std::filesystem::path& file, std::string_view value) {
    const int descriptor = open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return system_failure("opening " + file.string(), errno);
    const ssize_t written = ::write(descriptor, value.data(), value.size());
    const int number = errno;
    close(descriptor);
    if (written < 0) return system_failure(fmt::format("writing '{}' to {}", value, file.string()), number);
    return {};
}

Result<std::vector<pid_t>> processes(const std::filesystem::path& group) {
    const auto text = read(group / "cgroup.procs");
    if (!text) return text.error();
    std::vector<pid_t> pids;
    std::istringstream lines(*text);
    for (pid_t pid = 0; lines >> pid;)
        pids.push_back(pid);
    return pids;
}

Status kill_and_remove(const std::filesystem::path& group) {
    if (!group.filename().string().starts_with(group_prefix)) {
        return Error{group.string() + " is not a group of squall's; it is left alone"};
    }
    if (access(group.c_str(), F_OK) != 0) {
        if (errno == ENOENT) return {};
        return system_failure("reaching the control group " + group.string(), errno);
    }
    return remove_tree(group);
}

}  // namespace squall::kernel::cgroup_files
