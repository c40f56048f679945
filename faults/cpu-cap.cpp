// cpu-cap: the target gets less CPU than it wants, by the quota that container platforms use.
// Does not burn CPU beside the target; does not cap the rig.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "faults/core/clock.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/duty_cycle.hpp"

namespace squall {
namespace {

constexpr Nanos quota_min = 1'000'000;  // the kernel's own least (min_cfs_quota_period)
constexpr double least_part = 0.01;     // of the time

/// Who keeps the target to a quota.
class Quota {
public:
    virtual ~Quota() = default;
    virtual Status set(const kernel::CpuLimit& limit) = 0;
    virtual Status look() { return {}; }
    virtual Result<kernel::CpuStat> stat() const = 0;  ///< only differences mean anything
    virtual Status heal() = 0;
    virtual std::string by() const = 0;
};

class OfControlGroup final : public Quota {
public:
    explicit OfControlGroup(Rig& rig) : journal_(rig.journal), cgroup_(*rig.target_cgroup) {}

    Status begin() {
        const auto earlier = cgroup_.cpu_limit();
        if (!earlier) return earlier.error();
        earlier_ = *earlier;
        // Heal goes newest first, so the writes that restore the limit are recorded last to first.
        auto writes = cgroup_.writes_for(earlier_);
        std::reverse(writes.begin(), writes.end());
        for (const auto& [path, value] : writes) {
            const auto record = journal_.open("cgroup-write", {{"path", path.string()}, {"value", value}});
            if (!record) return record.error();
            records_.push_back(*record);
        }
        return {};
    }
    Status set(const kernel::CpuLimit& limit) override { return cgroup_.set_cpu_limit(limit); }
    Result<kernel::CpuStat> stat() const override { return cgroup_.cpu_stat(); }
    std::string by() const override { return cgroup_.describe(); }

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
    Journal& journal_;
    kernel::Cgroup& cgroup_;
    kernel::CpuLimit earlier_;
    std::vector<std::uint64_t> records_;
};

class OfDutyCycle final : public Quota {
public:
    explicit OfDutyCycle(std::unique_ptr<kernel::DutyCycle> cycle) : cycle_(std::move(cycle)) {}

    Status set(const kernel::CpuLimit& limit) override {
        cycle_->set(limit);
        return {};
    }
    Status look() override { return cycle_->look_for_processes(); }
    Result<kernel::CpuStat> stat() const override { return cycle_->stat(); }
    Status heal() override { return cycle_->end(); }
    std::string by() const override { return "SIGSTOP and SIGCONT, an approximation"; }

private:
    std::unique_ptr<kernel::DutyCycle> cycle_;
};

struct Cap {
    explicit Cap(const Options& options)
        : cores(options.curve("cores")), period(options.duration("period")), burst(options.duration("burst")) {}

    kernel::CpuLimit at(Nanos since_injection) const {
        return {static_cast<Nanos>(std::llround(cores.value_at(since_injection) * static_cast<double>(period))), period,
                burst};
    }

    Curve cores;
    Nanos period;
    Nanos burst;
};

class CpuCap final : public Injection {
public:
    CpuCap(Cap cap, std::unique_ptr<Quota> quota) : cap_(std::move(cap)), quota_(std::move(quota)) {}

    ~CpuCap() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: cpu-cap: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        const auto before = quota_->stat();
        if (!before) return before.error();
        before_ = *before;
        began_ = monotonic_now();
        in_force_ = cap_.at(0);
        return quota_->set(in_force_);
    }

    Status advance(Nanos since_injection) override {
        if (auto looked = quota_->look(); !looked) return looked;
        const auto due = cap_.at(since_injection);
        if (due.quota == in_force_.quota) return {};
        in_force_ = due;
        return quota_->set(due);
    }

    Result<Witness> witness() override {
        const auto now = quota_->stat();
        if (!now) return now.error();
        const auto periods = static_cast<double>(now->periods - before_.periods);
        const auto throttled = static_cast<double>(now->throttled_periods - before_.throttled_periods);
        const Nanos time = now->throttled_time - before_.throttled_time;
        const Nanos passed = monotonic_now() - began_;
        Witness witness;
        witness.bit = throttled > 0 && to_seconds(time) >= least_part * to_seconds(passed);
        witness.evidence = fmt::format("{} of {} periods throttled, {} in {}, by {}", throttled, periods,
                                       format_quantity(to_seconds(time), dimension::time),
                                       format_quantity(to_seconds(passed), dimension::time), quota_->by());
        witness.measures = {{"periods", periods},
                            {"throttled_periods", throttled},
                            {"throttled_seconds", to_seconds(time)},
                            {"in_force_seconds", to_seconds(passed)},
                            {"used_seconds", to_seconds(now->usage - before_.usage)}};
        return witness;
    }

    Status heal() override { return quota_->heal(); }

private:
    const Cap cap_;
    const std::unique_ptr<Quota> quota_;
    kernel::CpuLimit in_force_;
    kernel::CpuStat before_;
    Nanos began_ = 0;
};

Status check(const Cap& cap) {
    for (const auto& knot : cap.cores.knots) {
        const double quota = knot.value * static_cast<double>(cap.period);
        if (quota < static_cast<double>(quota_min)) {
            return Error{fmt::format("cpu-cap: {} of a period of {} is below the least quota, 1ms; lengthen the period",
                                     format_quantity(knot.value, dimension::cores),
                                     format_quantity(to_seconds(cap.period), dimension::time))};
        }
        if (static_cast<double>(cap.burst) > quota) {
            return Error{fmt::format("cpu-cap: a burst of {} exceeds the quota at {}, {} a period",
                                     format_quantity(to_seconds(cap.burst), dimension::time),
                                     format_quantity(knot.value, dimension::cores),
                                     format_quantity(quota / 1e9, dimension::time))};
        }
    }
    return {};
}

Result<std::unique_ptr<Injection>> begin(Cap cap, std::unique_ptr<Quota> quota) {
    auto injection = std::make_unique<CpuCap>(std::move(cap), std::move(quota));
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (rig.target_cgroup == nullptr) {
        return Error{
            "cpu-cap needs a target that squall started in a control group of its own; squall doctor says "
            "whether this host has one"};
    }
    Cap cap(options);
    if (auto checked = check(cap); !checked) return checked.error();
    auto quota = std::make_unique<OfControlGroup>(rig);
    if (auto begun = quota->begin(); !begun) return begun.error();
    return begin(std::move(cap), std::move(quota));
}

Result<std::unique_ptr<Injection>> inject_duty_cycle(Rig& rig, const Aim&, const Options& options) {
    Cap cap(options);
    if (auto checked = check(cap); !checked) return checked.error();
    if (cap.burst > 0) return Error{"cpu-cap: a burst needs a control group; this host has none for it"};
    auto cycle = kernel::DutyCycle::start(rig.journal, rig.run_id, cap.at(0));
    if (!cycle) return Error{"cpu-cap: " + cycle.error().message};
    return begin(std::move(cap), std::make_unique<OfDutyCycle>(std::move(*cycle)));
}

const RegisterFault registered{Fault{
    .name = "cpu-cap",
    .summary = "The platform gives the target less CPU than it wants: a container limit, a noisy neighbour, a ramp.",
    .mechanism = "CPU bandwidth quota of the target's control group (cgroup v2 cpu.max, or v1 cpu.cfs_quota_us).",
    .privilege = "root, or a delegated cgroup; else an approximation",
    .witness = "The target was throttled, for 1% of the time since the injection at least.",
    .healing = "The limit that was there before is written back.",
    .site = Site::target,
    .holds = "the target's CPU quota",
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
    .fallback =
        Fallback{.mechanism = "An approximation of the quota: the target's processes are stopped (SIGSTOP) when "
                              "they have used it, until the period ends.",
                 .needs = {},
                 .holds = "whether the target runs",
                 .inject = inject_duty_cycle},
}};

}  // namespace
}  // namespace squall
