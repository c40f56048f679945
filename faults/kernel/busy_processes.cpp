#include "faults/kernel/busy_processes.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "faults/core/clock.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/thread_affinity.hpp"

namespace squall::kernel {
namespace {

constexpr Nanos cycle = 10'000'000;

/// Between fork and the end only async-signal-safe calls: other threads of squall may hold locks at that moment.
[[noreturn]] void be_busy(pid_t parent, double share) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before the line above took effect
    setpgid(0, 0);                      // Ctrl-C is squall's to handle
    for (const int signal : {SIGINT, SIGTERM, SIGHUP})
        ::signal(signal, SIG_DFL);
    // The journal's lock and the sockets are squall's, and must not outlive it.
    if (syscall(SYS_close_range, 0U, ~0U, 0U) != 0) {
        for (int descriptor = 0; descriptor < 65536; ++descriptor)
            close(descriptor);
    }
    const auto busy = static_cast<Nanos>(share * static_cast<double>(cycle));
    while (true) {
        const Nanos into_cycle = monotonic_now() % cycle;
        if (into_cycle < busy) continue;
        const timespec rest{0, cycle - into_cycle};
        nanosleep(&rest, nullptr);
    }
}

}  // namespace

Result<std::unique_ptr<BusyProcesses>> BusyProcesses::start(const Cgroup& group, int count, double share,
                                                            const cpu_set_t& cpus) {
    auto started = std::unique_ptr<BusyProcesses>(new BusyProcesses);  // its destructor undoes a part-way
    const pid_t parent = getpid();
    for (int i = 0; i < count; ++i) {
        const pid_t pid = fork();
        if (pid == 0) be_busy(parent, share);
        if (pid < 0) return system_failure("forking a busy process", errno);
        started->processes_.push_back({pid});
        const auto identity = identify_process(pid);
        if (!identity) return identity.error();
        started->processes_.back() = *identity;
        if (auto added = group.add(pid); !added) return added.error();
        // Only now: before Linux 6.2, a group with a cpuset gives whoever moves into it all of its CPUs.
        if (auto pinned = set_affinity(*identity, cpus); !pinned) return pinned.error();
    }
    return started;
}

BusyProcesses::~BusyProcesses() {
    for (const auto& process : processes_)  // not yet waited for, so that the pid is still its
        kill(process.pid, SIGKILL);
    for (const auto& process : processes_) {
        while (waitpid(process.pid, nullptr, 0) < 0 && errno == EINTR)
            ;
    }
}

Nanos BusyProcesses::cpu_time() const {
    Nanos total = 0;
    for (const auto& process : processes_) {  // that of one that was killed shows until it is waited for
        if (const auto activity = process_activity(process)) total += activity->cpu_time;
    }
    return total;
}

std::size_t BusyProcesses::alive() const {
    std::size_t count = 0;
    for (const auto& process : processes_) {
        siginfo_t ended{};
        const int looked = waitid(P_PID, static_cast<id_t>(process.pid), &ended, WEXITED | WNOHANG | WNOWAIT);
        count += looked == 0 && ended.si_pid == 0;
    }
    return count;
}

}  // namespace squall::kernel
