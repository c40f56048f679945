// cpu-contention: a noisy neighbour on the target's CPUs.
// Does not cap the target: the scheduler shares the CPUs out, and what the neighbour leaves is the target's.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>

#include "faults/core/fault.hpp"
#include "faults/core/run_queue_wait.hpp"
#include "faults/kernel/busy_processes.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/target_processes.hpp"

namespace squall {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Nanos sample_interval = 200'000'000;
constexpr int workers_max = 64;
constexpr double least_part = 0.01;  // of the time: an idle host's own waits are below it

class CpuContention final : public Injection {
public:
    explicit CpuContention(Rig& rig) : journal_(rig.journal), target_(*rig.target_cgroup), run_id_(rig.run_id) {}

    ~CpuContention() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: cpu-contention: %s\n", healed.error().message.c_str());
        }
    }

    Status begin(std::optional<int> workers, double share, int weight) {
        const auto processes = kernel::target_processes(&target_, run_id_);
        if (processes.empty()) return Error{"cpu-contention found no process of the target"};
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        if (sched_getaffinity(processes.front().pid, sizeof cpus, &cpus) != 0) {
            return system_failure("reading which CPUs the target may use", errno);
        }
        if (auto sampled = sample(); !sampled) return sampled;
        waited_before_ = waited_;
        const auto stat = target_.cpu_stat();
        if (!stat) return stat.error();
        throttled_before_ = stat->throttled_time;

        auto group = kernel::Cgroup::create(journal_, run_id_ + "-neighbours");
        if (!group) return group.error();
        group_ = std::move(*group);
        if (auto set = group_->set_cpu_weight(weight); !set) return set;
        workers_ = workers.value_or(std::min(CPU_COUNT(&cpus), workers_max));
        cpus_ = CPU_COUNT(&cpus);
        auto busy = kernel::BusyProcesses::start(*group_, workers_, share, cpus);
        if (!busy) return busy.error();
        busy_ = std::move(*busy);
        began_ = Clock::now();
        return {};
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        return sample();
    }

    Result<Witness> witness() override {
        if (!busy_) return Witness{.evidence = "the neighbours have gone"};
        if (auto sampled = sample(); !sampled) return sampled.error();
        const auto stat = target_.cpu_stat();
        if (!stat) return stat.error();
        const double passed = std::chrono::duration<double>(Clock::now() - began_).count();
        const double used = to_seconds(busy_->cpu_time());
        const Nanos throttled = stat->throttled_time - throttled_before_;  // by its own quota, and counted as waiting
        const double waited = to_seconds(std::max<Nanos>(waited_ - waited_before_ - throttled, 0));
        const auto as_time = [](double seconds) { return format_quantity(seconds, dimension::time); };
        Witness witness;
        witness.bit = std::min(waited, used) >= least_part * passed && busy_->alive() > 0;
        witness.evidence = fmt::format(
            "{} of {} neighbours on the target's CPUs ({}) used {} of CPU time in {}; its threads waited {} for a CPU",
            busy_->alive(), workers_, cpus_, as_time(used), as_time(passed), as_time(waited));
        witness.measures = {{"neighbours", static_cast<double>(busy_->alive())},
                            {"neighbours_used_seconds", used},
                            {"waited_seconds", waited},
                            {"in_force_seconds", passed}};
        return witness;
    }

    Status heal() override {
        busy_.reset();
        if (!group_) return {};
        if (auto removed = group_->remove(); !removed) return removed;
        group_.reset();
        return {};
    }

private:
    Status sample() {
        std::vector<pid_t> pids;
        for (const auto& process : kernel::target_processes(&target_, run_id_))
            pids.push_back(process.pid);
        if (const auto waited = wait_.read(pids)) {
            waited_ = *waited;
        } else if (!pids.empty()) {
            return Error{
                "reading how long the target's threads waited for a CPU: this kernel keeps no account of it "
                "(CONFIG_SCHED_INFO)"};
        }
        return {};
    }

    Journal& journal_;
    const kernel::Cgroup& target_;
    const std::string run_id_;
    std::unique_ptr<kernel::Cgroup> group_;
    std::unique_ptr<kernel::BusyProcesses> busy_;
    RunQueueWait wait_;
    Nanos waited_ = 0;
    Nanos waited_before_ = 0;
    Nanos throttled_before_ = 0;
    Clock::time_point began_;
    int workers_ = 0;
    int cpus_ = 0;
    Nanos sampled_at_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (rig.target_cgroup == nullptr) {
        return Error{
            "cpu-contention needs a target that squall started in a control group of its own; squall doctor says "
            "whether this host has one"};
    }
    const auto workers =
        options.has("workers") ? std::optional(static_cast<int>(options.number("workers"))) : std::nullopt;
    auto injection = std::make_unique<CpuContention>(rig);
    const Status begun = injection->begin(workers, options.number("share"), static_cast<int>(options.number("weight")));
    if (!begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "cpu-contention",
    .summary = "A noisy neighbour: somebody else's processes want the CPUs that the target runs on.",
    .mechanism = "Busy processes on the target's CPUs, in a control group beside the target's, with a weight.",
    .privilege = "root, or a delegated cgroup",
    .witness = "The neighbours used CPU time, and the target's threads waited for a CPU for 1% of the time at least.",
    .healing = "The neighbours are killed and their control group is removed; they die with squall, too.",
    .site = Site::target,
    .holds = "the target's neighbours",
    .takes_cpu = true,
    .needs = {"cgroup-cpu"},
    .options =
        {
            {.name = "workers",
             .dimension = dimension::none,
             .doc = "Busy processes; without it, as many as the target has CPUs.",
             .min = 1,
             .max = workers_max},
            {.name = "share",
             .dimension = dimension::none,
             .doc = "Of the time that each of them wants a CPU, in every 10ms.",
             .fallback = "100%",
             .min = 0.01,
             .max = 1},
            {.name = "weight",
             .dimension = dimension::none,
             .doc = "Of the neighbours' control group, all together, where the target's has 100.",
             .fallback = "100",
             .min = 1,
             .max = 10000},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
