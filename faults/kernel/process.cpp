#include "faults/kernel/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "faults/core/process_stat.hpp"

namespace squall::kernel {
namespace {

constexpr int gone_timeout_ms = 10'000;
constexpr int unreadable_timeout_ms = 2'000;

// Called by number: glibc has wrappers since 2.36 only.
int open_pidfd(pid_t pid) {
    return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}
int signal_pidfd(int descriptor, int signal) {
    return static_cast<int>(syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0));
}

enum class Bears { no, yes, unknown };

Bears bears(pid_t pid, const std::string& variable) {
    std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
    if (!file) return errno == EACCES || errno == EPERM ? Bears::unknown : Bears::no;
    for (std::string word; std::getline(file, word, '\0');) {
        if (word == variable) return Bears::yes;
    }
    return Bears::no;
}

std::vector<pid_t> all_processes() {
    std::vector<pid_t> pids;
    std::error_code gone_meanwhile;
    for (std::filesystem::directory_iterator entry("/proc", gone_meanwhile), end; !gone_meanwhile && entry != end;
         entry.increment(gone_meanwhile)) {
        const std::string name = entry->path().filename().string();
        pid_t pid = 0;
        const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error == std::errc{} && rest == name.data() + name.size()) pids.push_back(pid);
    }
    return pids;
}

/// Of the threads that have not ended; none: nothing. A thread that waits in the kernel where no signal reaches it (D),
/// as for the child of a vfork, counts as well.
std::optional<bool> every_thread_stopped(pid_t pid) {
    std::optional<bool> stopped;
    std::error_code gone_meanwhile;
    for (std::filesystem::directory_iterator entry(fmt::format("/proc/{}/task", pid), gone_meanwhile), end;
         !gone_meanwhile && entry != end; entry.increment(gone_meanwhile)) {
        const auto fields = stat_fields((entry->path() / "stat").string());
        if (fields.empty()) continue;
        const std::string& state = fields[stat_field::state];
        if (state == "Z" || state == "X") continue;
        stopped = stopped.value_or(true) && (state == "T" || state == "t" || state == "D");
    }
    return stopped;
}

}  // namespace

Result<ProcessId> identify_process(pid_t pid) {
    const auto fields = stat_fields(fmt::format("/proc/{}/stat", pid));
    if (fields.size() <= stat_field::start_time) return Error{fmt::format("there is no process {}", pid), ESRCH};
    return ProcessId{pid, stat_number(fields[stat_field::start_time]),
                     static_cast<pid_t>(stat_number(fields[stat_field::group]))};
}

Result<ProcessActivity> process_activity(const ProcessId& process) {
    static const Nanos tick = nanos_per_second / sysconf(_SC_CLK_TCK);
    const auto fields = stat_fields(fmt::format("/proc/{}/stat", process.pid));
    const bool there =
        fields.size() > stat_field::start_time && stat_number(fields[stat_field::start_time]) == process.start_time;
    const auto stopped = there ? every_thread_stopped(process.pid) : std::nullopt;
    // A zombie may stay for long: its parent may be stopped.
    if (!stopped) return Error{fmt::format("process {} has ended", process.pid), ESRCH};
    const auto ticks = stat_number(fields[stat_field::user_time]) + stat_number(fields[stat_field::system_time]);
    return ProcessActivity{*stopped, static_cast<Nanos>(ticks) * tick};
}

namespace {

/// The descriptor pins the process: whatever it names now is what gets the signal, even if the pid is used again.
/// `wait_ms`: for its end.
Status send(const ProcessId& process, int signal, int wait_ms) {
    const int descriptor = open_pidfd(process.pid);
    if (descriptor < 0) {
        if (errno == ESRCH) return {};
        return system_failure(fmt::format("opening process {}", process.pid), errno);
    }
    Status status;
    const auto now = identify_process(process.pid);
    if (now && now->start_time == process.start_time) {
        if (signal_pidfd(descriptor, signal) != 0 && errno != ESRCH) {
            status = system_failure(fmt::format("sending signal {} to process {}", signal, process.pid), errno);
        } else if (pollfd ended{descriptor, POLLIN, 0}; wait_ms > 0 && poll(&ended, 1, wait_ms) == 0) {
            status = Error{
                fmt::format("process {} is still there {} s after signal {}", process.pid, wait_ms / 1000, signal)};
        }
    }
    close(descriptor);
    return status;
}

}  // namespace

Status signal_process(const ProcessId& process, int signal) {
    return send(process, signal, 0);
}

Status kill_process(const ProcessId& process) {
    return send(process, SIGKILL, gone_timeout_ms);
}

std::string run_variable(const std::string& run_id) {
    return "SQUALL_RUN=" + run_id;
}

namespace {

/// In the group that the target was made the leader of: nobody else's, as long as one of them lives.
std::optional<pid_t> unreadable_in_group(const std::string& run_id, pid_t target) {
    for (const pid_t pid : all_processes()) {
        const auto process = identify_process(pid);
        if (!process || process->group != target) continue;
        if (bears(pid, run_variable(run_id)) == Bears::unknown) return pid;
    }
    return std::nullopt;
}

Status no_unreadable_process(const std::string& run_id, pid_t target) {
    std::optional<pid_t> there;
    for (int waited_ms = 0; waited_ms < unreadable_timeout_ms; waited_ms += 20) {
        there = unreadable_in_group(run_id, target);
        if (!there) return {};
        poll(nullptr, 0, 20);  // it may be about to end
    }
    return Error{fmt::format("process {} may be one that the target of run {} started: its environment cannot be read; "
                             "end it, if it is",
                             *there, run_id),
                 EACCES};
}

}  // namespace

std::vector<ProcessId> processes_of_run(const std::string& run_id) {
    const std::string variable = run_variable(run_id);
    std::vector<ProcessId> found;
    for (const pid_t pid : all_processes()) {
        if (pid == getpid()) continue;
        const auto process = identify_process(pid);  // before its environment: then that is the same one's
        if (process && bears(pid, variable) == Bears::yes) found.push_back(*process);
    }
    return found;
}

Status kill_processes_of_run(const std::string& run_id, pid_t target) {
    constexpr int rounds_max = 100;  // each finds what the ones before had started meanwhile
    for (int round = 0; round < rounds_max; ++round) {
        const auto found = processes_of_run(run_id);
        for (const ProcessId& process : found) {
            if (auto killed = kill_process(process); !killed) return killed;
        }
        if (found.empty()) return no_unreadable_process(run_id, target);
    }
    return Error{fmt::format("processes of run {} start others faster than they can be killed", run_id)};
}

}  // namespace squall::kernel
