// cpu-contention: a noisy neighbour on the target's CPUs.
// Does not cap the target: the scheduler shares the CPUs out, and what the neighbour leaves is the target's.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "faults/core/fault.hpp"
#include "faults/kernel/busy_processes.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/target_processes.hpp"
#include "faults/kernel/target_wait.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 200'000'000;
constexpr int workers_max = 64;
constexpr double least_part = 0.01;  // of the time

class CpuContention final : public Injection {
public:
    explicit CpuContention(Rig& rig)
        : journal_(rig.journal), target_(*rig.target_cgroup), run_id_(rig.run_id), wait_(&target_, run_id_) {}

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
        if (auto begun = wait_.begin(); !begun) return begun;

        auto group = kernel::Cgroup::create(journal_, run_id_ + "-neighbours");
        if (!group) return group.error();
        group_ = std::move(*group);
        if (auto set = group_->set_cpu_weight(weight); !set) return set;
        workers_ = workers.value_or(std::min(CPU_COUNT(&cpus), workers_max));
        cpus_ = CPU_COUNT(&cpus);
        auto busy = kernel::BusyProcesses::start(*group_, workers_, share, cpus);
        if (!busy) return busy.error();
        busy_ = std::move(*busy);
        return {};
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        return wait_.sample();
    }

    Result<Witness> witness() override {
        if (!busy_) return Witness{.evidence = "the neighbours have gone"};
        if (auto sampled = wait_.sample(); !sampled) return sampled.error();
        const Nanos passed = wait_.passed();
        const Nanos used = busy_->cpu_time();
        const auto as_time = [](Nanos time) { return format_quantity(to_seconds(time), dimension::time); };
        Witness witness;
        const bool ran = to_seconds(used) >= least_part * to_seconds(passed) && busy_->alive() > 0;
        witness.bit = ran && wait_.rose();
        witness.evidence = fmt::format(
            "{} of {} neighbours on the target's CPUs ({}) used {} of CPU time in {}; its threads waited {} for a CPU, "
            "where they would have {} before",
            busy_->alive(), workers_, cpus_, as_time(used), as_time(passed), as_time(wait_.waited()),
            as_time(wait_.as_before()));
        witness.measures = {{"neighbours", static_cast<double>(busy_->alive())},
                            {"neighbours_used_seconds", to_seconds(used)},
                            {"waited_seconds", to_seconds(wait_.waited())},
                            {"waited_seconds_as_before", to_seconds(wait_.as_before())},
                            {"in_force_seconds", to_seconds(passed)}};
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
    Journal& journal_;
    const kernel::Cgroup& target_;
    const std::string run_id_;
    std::unique_ptr<kernel::Cgroup> group_;
    std::unique_ptr<kernel::BusyProcesses> busy_;
    kernel::TargetWait wait_;
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
    .witness =
        "The neighbours used CPU time, and the target's threads waited longer for a CPU than before: both for 1% of "
        "the time at least.",
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
