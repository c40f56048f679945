#include "faults/kernel/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>

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

}  // namespace squall::kernel
