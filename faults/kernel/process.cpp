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
#include <iterator>
#include <sstream>
#include <vector>

namespace squall::kernel {
namespace {

constexpr int gone_timeout_ms = 10'000;

// Called by number: glibc has wrappers since 2.36 only.
int open_pidfd(pid_t pid) {
    return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}
int signal_pidfd(int descriptor, int signal) {
    return static_cast<int>(syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0));
}

bool bears(pid_t pid, const std::string& variable) {
    std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
    for (std::string word; std::getline(file, word, '\0');) {
        if (word == variable) return true;
    }
    return false;  // or somebody else's, whose environment cannot be read
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

}  // namespace

Result<ProcessId> identify_process(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/stat", pid));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // The second field is the program's name in parentheses and may hold anything, parentheses and blanks included.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return Error{fmt::format("there is no process {}", pid), ESRCH};
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field)
        fields >> skipped;
    ProcessId process{pid, 0};
    if (!(fields >> process.start_time)) return Error{fmt::format("/proc/{}/stat does not read as expected", pid)};
    return process;
}

Status kill_process(const ProcessId& process) {
    // The descriptor pins the process: whatever it names now is what gets the signal, even if the pid is used again.
    const int descriptor = open_pidfd(process.pid);
    if (descriptor < 0) {
        if (errno == ESRCH) return {};
        return system_failure(fmt::format("opening process {}", process.pid), errno);
    }
    Status status;
    const auto now = identify_process(process.pid);
    if (now && now->start_time == process.start_time) {
        if (signal_pidfd(descriptor, SIGKILL) != 0 && errno != ESRCH) {
            status = system_failure(fmt::format("killing process {}", process.pid), errno);
        } else {
            pollfd ended{descriptor, POLLIN, 0};
            if (poll(&ended, 1, gone_timeout_ms) == 0) {
                status = Error{
                    fmt::format("process {} is still there {} s after SIGKILL", process.pid, gone_timeout_ms / 1000)};
            }
        }
    }
    close(descriptor);
    return status;
}

std::string run_variable(const std::string& run_id) {
    return "SQUALL_RUN=" + run_id;
}

Status kill_processes_of_run(const std::string& run_id) {
    const std::string variable = run_variable(run_id);
    constexpr int rounds_max = 100;  // each finds what the ones before had started meanwhile
    for (int round = 0; round < rounds_max; ++round) {
        bool any = false;
        for (const pid_t pid : all_processes()) {
            if (pid == getpid()) continue;
            const auto process = identify_process(pid);  // before its environment: then that is the same one's
            if (!process || !bears(pid, variable)) continue;
            any = true;
            if (auto killed = kill_process(*process); !killed) return killed;
        }
        if (!any) return {};
    }
    return Error{fmt::format("processes of run {} start others faster than they can be killed", run_id)};
}

}  // namespace squall::kernel
