#include "faults/kernel/target_wait.hpp"

#include <unistd.h>

#include <algorithm>

#include "faults/core/clock.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/target_processes.hpp"

namespace squall::kernel {
namespace {

constexpr double least_part = 0.01;
constexpr Nanos judged_after = 20'000'000;  // before, a single wait is a large part of the time

/// How long it has been there.
Nanos age_of(const ProcessId& process) {
    static const Nanos tick = nanos_per_second / sysconf(_SC_CLK_TCK);
    return std::max(clock_now(CLOCK_BOOTTIME) - static_cast<Nanos>(process.start_time) * tick, tick);
}

}  // namespace

Status TargetWait::begin() {
    const auto processes = target_processes(cgroup_, run_id_);  // the oldest first
    if (processes.empty()) return Error{"there is no process of the target"};
    if (auto sampled = sample(); !sampled) return sampled;
    waited_before_ = waited_;
    throttled_before_ = throttled_;
    rate_before_ = to_seconds(std::max<Nanos>(waited_ - throttled_, 0)) / to_seconds(age_of(processes.front()));
    began_ = monotonic_now();
    return {};
}

Status TargetWait::sample() {
    std::vector<pid_t> pids;
    for (const auto& process : target_processes(cgroup_, run_id_))
        pids.push_back(process.pid);
    if (pids.empty()) return {};
    const auto waited = wait_.read(pids);
    if (!waited) {
        return Error{
            "reading how long the target's threads waited for a CPU: this kernel keeps no account of it "
            "(CONFIG_SCHED_INFO)"};
    }
    const auto throttled_now = throttled();
    if (!throttled_now) return throttled_now.error();
    waited_ = *waited;
    throttled_ = *throttled_now;
    return {};
}

Result<Nanos> TargetWait::throttled() const {
    if (cgroup_ == nullptr) return Nanos{0};
    const auto stat = cgroup_->cpu_stat();
    if (!stat) return stat.error();
    return stat->throttled_time;
}

Nanos TargetWait::passed() const {
    return monotonic_now() - began_;
}

Nanos TargetWait::waited() const {
    return std::max<Nanos>(waited_ - waited_before_ - (throttled_ - throttled_before_), 0);
}

Nanos TargetWait::as_before() const {
    return from_seconds(rate_before_ * to_seconds(passed()));
}

bool TargetWait::rose() const {
    if (passed() < judged_after) return false;
    return to_seconds(waited() - as_before()) >= least_part * to_seconds(passed());
}

}  // namespace squall::kernel
