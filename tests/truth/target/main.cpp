// truth-target: a push server whose latency, memory and CPU time are known, for tests of what squall measures.
//
//   truth-target --listen ADDRESS:PORT --log FILE [--delays bimodal:0.005,0.05,0.1] [--seed N]
//                [--freeze LENGTH,PERIOD,TIMES] [--allocate BYTES,AFTER] [--burn CORES]       times in seconds
//
// Delays count from the kernel's receive timestamp of the message, not from the instant it was scheduled: so what the
// target did to a message is known without asking squall when it was due. Does not survive a peer that misbehaves.
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>

#include "server.hpp"

namespace {

/// Uses `cores` of a CPU, by its own CPU clock, in pieces of some milliseconds.
void burn(double cores, const std::atomic<bool>& stop) {
    const truth::Nanos start = truth::now();
    while (!stop) {
        const auto allowed = static_cast<truth::Nanos>(cores * static_cast<double>(truth::now() - start));
        for (;;) {
            timespec used{};
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
            if (used.tv_sec * 1'000'000'000LL + used.tv_nsec >= allowed) break;
        }
        const timespec rest{0, 5'000'000};
        nanosleep(&rest, nullptr);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto plan = truth::parse_plan(argc, argv);
    if (!plan) return 2;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, nullptr);
    const int signals = signalfd(-1, &term, SFD_CLOEXEC);
    truth::Server server(*plan);
    if (signals < 0 || !server.listen()) return 1;
    std::atomic<bool> stop = false;
    std::thread burner;
    if (plan->burn_cores > 0) burner = std::thread([&] { burn(plan->burn_cores, stop); });
    server.run(signals);
    stop = true;
    if (burner.joinable()) burner.join();
    close(signals);
    return server.record().write(plan->log) ? 0 : 1;
}
