#include "faults/kernel/memory_canary.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "faults/core/clock.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/cgroup_files.hpp"
#include "faults/kernel/target_processes.hpp"

namespace squall::kernel {
namespace {

constexpr Nanos patience = 5'000'000'000;
constexpr useconds_t look_interval_us = 500;

/// Between fork and the end only async-signal-safe calls: other threads of squall may hold locks at that moment.
[[noreturn]] void take_memory(pid_t parent, std::uint64_t bytes) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before the line above took effect
    setpgid(0, 0);                      // Ctrl-C is squall's to handle
    syscall(SYS_close_range, 0U, ~0U, 0U);
    raise(SIGSTOP);  // until it is in the group
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) _exit(2);
    constexpr std::uint64_t page = 4096;
    for (std::uint64_t at = 0; at < bytes; at += page)
        static_cast<volatile char*>(memory)[at] = 1;
    _exit(0);
}

/// A child that is killed and waited for, unless it has been.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
            ;
    }

    /// Its status when it has ended or, as `options` asks, stopped.
    Result<int> wait(int options) {
        const Nanos until = monotonic_now() + patience;
        while (true) {
            int status = 0;
            const pid_t waited = waitpid(pid_, &status, options | WNOHANG);
            if (waited < 0 && errno != EINTR) return system_failure("waiting for the memory canary", errno);
            if (waited == pid_) {
                if (!WIFSTOPPED(status)) pid_ = 0;
                return status;
            }
            if (monotonic_now() > until) {
                return Error{fmt::format("the memory canary was neither killed nor done after {} s",
                                         patience / nanos_per_second)};
            }
            usleep(look_interval_us);
        }
    }

private:
    pid_t pid_;
};

/// The target's processes are stopped for as long as this is there.
class Standstill {
public:
    explicit Standstill(Journal& journal) : journal_(journal) {}
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;
    ~Standstill() {
        if (const Status ended = end(); !ended)
            std::fprintf(stderr, "squall: memory-cap: %s\n", ended.error().message.c_str());
    }

    Status begin(const std::vector<ProcessId>& target) {
        std::string list;
        for (const ProcessId& process : target) {
            const auto activity = process_activity(process);
            if (!activity || activity->stopped) continue;  // what was stopped before is not ours to continue
            stopped_.push_back(process);
            list += fmt::format("{}{} {}", list.empty() ? "" : " ", process.pid, process.start_time);
        }
        if (stopped_.empty()) return {};
        const auto record = journal_.open("process-continue", {{"processes", list}});
        if (!record) return record.error();
        record_ = *record;
        for (const ProcessId& process : stopped_)
            if (auto told = signal_process(process, SIGSTOP); !told) return told;
        for (const Nanos until = monotonic_now() + stop_patience; monotonic_now() < until && moves();)
            usleep(look_interval_us);
        return {};
    }

    Status end() {
        for (; !stopped_.empty(); stopped_.pop_back())
            if (auto told = signal_process(stopped_.back(), SIGCONT); !told) return told;
        if (!record_) return {};
        const std::uint64_t record = *record_;
        record_.reset();
        return journal_.close(record);
    }

private:
    static constexpr Nanos stop_patience = 100'000'000;  // a signal is acted on when a process next leaves the kernel

    bool moves() const {
        return std::any_of(stopped_.begin(), stopped_.end(), [](const ProcessId& process) {
            const auto activity = process_activity(process);
            return activity && !activity->stopped;
        });
    }

    Journal& journal_;
    std::vector<ProcessId> stopped_;
    std::optional<std::uint64_t> record_;
};

/// What a dead process had is given back after it has gone.
Status wait_for_memory(const Cgroup& group, std::uint64_t charged_before) {
    constexpr std::uint64_t batch = 1 << 20;  // that the kernel may still count
    const Nanos until = monotonic_now() + patience;
    while (monotonic_now() < until) {
        const auto charged = group.memory_charged();
        if (!charged) return charged.error();
        if (*charged <= charged_before + batch) return {};
        usleep(look_interval_us);
    }
    return {};  // the target has the rest of it, and may go on
}

}  // namespace

Result<bool> killed_at_memory_limit(const Cgroup& group, const std::string& run_id, Journal& journal,
                                    std::uint64_t bytes) {
    Standstill standstill(journal);
    if (auto begun = standstill.begin(target_processes(&group, run_id)); !begun) return begun.error();
    const auto before = group.memory_charged();
    if (!before) return before.error();
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) take_memory(parent, bytes);
    if (pid < 0) return system_failure("forking the memory canary", errno);
    Child child(pid);
    const auto stopped = child.wait(WUNTRACED);
    if (!stopped) return stopped.error();
    if (!WIFSTOPPED(*stopped)) return Error{"the memory canary ended before it was in the target's control group"};
    if (auto added = group.add(pid); !added) return added.error();
    // The first to be killed of all that are in the group: oom_badness() adds all of the group's memory to its own.
    const auto first = cgroup_files::write(fmt::format("/proc/{}/oom_score_adj", pid), "1000");
    if (!first) return first.error();
    if (kill(pid, SIGCONT) != 0) return system_failure("waking the memory canary", errno);
    const auto status = child.wait(0);
    if (!status) return status.error();
    if (auto given_back = wait_for_memory(group, *before); !given_back) return given_back.error();
    if (auto ended = standstill.end(); !ended) return ended.error();
    return WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL;
}

}  // namespace squall::kernel
