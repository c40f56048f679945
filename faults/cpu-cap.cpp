// cpu-cap: the target gets less CPU than it wants, by the quota that container platforms use.
// Does not burn CPU beside the target; does not cap the rig.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup.hpp"

namespace squall {
namespace {

constexpr Nanos quota_min = 1'000'000;  // the kernel's own least (min_cfs_quota_period)

class CpuCap final : public Injection {
public:
    CpuCap(Rig& rig, Curve cores, Nanos period, Nanos burst)
        : journal_(rig.journal),
          cgroup_(*rig.target_cgroup),
          cores_(std::move(cores)),
          period_(period),
          burst_(burst) {}

    ~CpuCap() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: cpu-cap: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        const auto earlier = cgroup_.cpu_limit();
        if (!earlier) return earlier.error();
        earlier_ = *earlier;
        const auto before = cgroup_.cpu_stat();
        if (!before) return before.error();
        before_ = *before;

        // Heal goes newest first, so the writes that restore the limit are recorded last to first.
        auto writes = cgroup_.writes_for(earlier_);
        std::reverse(writes.begin(), writes.end());
        for (const auto& [path, value] : writes) {
            const auto record = journal_.open("cgroup-write", {{"path", path.string()}, {"value", value}});
            if (!record) return record.error();
            records_.push_back(*record);
        }
        return set(cores_.value_at(0));
    }

    Status advance(Nanos since_injection) override {
        const double cores = cores_.value_at(since_injection);
        return cores == in_force_ ? Status{} : set(cores);
    }

    Result<Witness> witness() override {
        const auto now = cgroup_.cpu_stat();
        if (!now) return now.error();
        const auto periods = static_cast<double>(now->periods - before_.periods);
        const auto throttled = static_cast<double>(now->throttled_periods - before_.throttled_periods);
        const Nanos time = now->throttled_time - before_.throttled_time;
        Witness witness;
        witness.bit = throttled > 0 && time > 0;
        witness.evidence = fmt::format("{} of {} periods throttled, {}", throttled, periods,
                                       format_quantity(to_seconds(time), dimension::time));
        witness.measures = {{"periods", periods},
                            {"throttled_periods", throttled},
                            {"throttled_seconds", to_seconds(time)},
                            {"used_seconds", to_seconds(now->usage - before_.usage)}};
        return witness;
    }

    Status heal() override {
        if (records_.empty()) return {};
        if (auto restored = cgroup_.set_cpu_limit(earlier_); !restored) return restored;
        Status first_failure;
        for (; !records_.empty(); records_.pop_back()) {
            if (auto closed = journal_.close(records_.back()); !closed && first_failure) first_failure = closed;
        }
        return first_failure;
    }

private:
    Status set(double cores) {
        const auto quota = static_cast<Nanos>(std::llround(cores * static_cast<double>(period_)));
        in_force_ = cores;
        return cgroup_.set_cpu_limit({quota, period_, burst_});
    }

    Journal& journal_;
    kernel::Cgroup& cgroup_;
    const Curve cores_;
    const Nanos period_;
    const Nanos burst_;
    kernel::CpuLimit earlier_;
    kernel::CpuStat before_;
    std::vector<std::uint64_t> records_;
    double in_force_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (rig.target_cgroup == nullptr) {
        return Error{
            "cpu-cap needs a target that squall started in a control group of its own; squall doctor says "
            "whether this host has one"};
    }
    const Curve& cores = options.curve("cores");
    const Nanos period = options.duration("period");
    const Nanos burst = options.duration("burst");
    for (const auto& knot : cores.knots) {
        const double quota = knot.value * static_cast<double>(period);
        if (quota < static_cast<double>(quota_min)) {
            return Error{fmt::format("cpu-cap: {} of a period of {} is below the least quota, 1ms; lengthen the period",
                                     format_quantity(knot.value, dimension::cores),
                                     format_quantity(to_seconds(period), dimension::time))};
        }
        if (static_cast<double>(burst) > quota) {
            return Error{fmt::format("cpu-cap: a burst of {} exceeds the quota at {}, {} a period",
                                     format_quantity(to_seconds(burst), dimension::time),
                                     format_quantity(knot.value, dimension::cores),
                                     format_quantity(quota / 1e9, dimension::time))};
        }
    }
    auto injection = std::make_unique<CpuCap>(rig, cores, period, burst);
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "cpu-cap",
    .summary = "The platform gives the target less CPU than it wants: a container limit, a noisy neighbour, a ramp.",
    .mechanism = "CPU bandwidth quota of the target's control group (cgroup v2 cpu.max, or v1 cpu.cfs_quota_us).",
    .privilege = "root, or a delegated cgroup",
    .witness = "Throttled periods and throttled time of the group rose since the injection.",
    .healing = "The limit that was there before is written back.",
    .needs = {"cgroup-cpu"},
    .options =
        {
            {.name = "cores",
             .kind = OptionSpec::Kind::curve,
             .dimension = dimension::cores,
             .doc = "CPU the target may use: constant (0.25), ramp (1.0 -> 0.25 over 5s) or steps (1.0, 0.5 at 2s).",
             .required = true,
             .min = 0.001,
             .max = 1024},
            {.name = "period",
             .dimension = dimension::time,
             .doc = "Length of the period that the quota is counted over; a long one stalls longer at a time.",
             .fallback = "100ms",
             .min = 0.001,
             .max = 1},
            {.name = "burst",
             .dimension = dimension::time,
             .doc = "CPU time saved from idle periods that may be used above the quota.",
             .fallback = "0s",
             .min = 0,
             .max = 1},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
