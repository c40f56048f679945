// cpu-starvation: threads of the target have to share fewer CPUs than the target has, and wait for each other.
// Does not cap what they get of those CPUs, and puts nobody beside them.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>

#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/core/random.hpp"
#include "faults/kernel/target_processes.hpp"
#include "faults/kernel/target_wait.hpp"
#include "faults/kernel/thread_affinity.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 200'000'000;

bool gone(const Error& error) {
    return error.system_error == ESRCH;
}

class CpuStarvation final : public Injection {
public:
    CpuStarvation(Rig& rig, std::uint64_t seed, double share, int cpus)
        : journal_(rig.journal),
          cgroup_(rig.target_cgroup),
          run_id_(rig.run_id),
          seed_(seed),
          share_(share),
          cpus_(cpus),
          wait_(rig.target_cgroup, rig.run_id) {
        CPU_ZERO(&left_);
    }

    ~CpuStarvation() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: cpu-starvation: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        auto threads = threads_now();
        if (threads.empty()) {
            return Error{"cpu-starvation found no thread of the target; it needs one that squall started"};
        }
        const auto all = kernel::affinity(threads.front());
        if (!all) return all.error();
        if (CPU_COUNT(&*all) <= cpus_) {
            return Error{
                fmt::format("cpu-starvation: the target has {} CPUs ({}) and would keep {}: there is nothing to take "
                            "from it; squall "
                            "gives the target the second half of the CPUs that it may use itself",
                            CPU_COUNT(&*all), kernel::to_text(*all), cpus_)};
        }
        for (std::size_t cpu = 0; CPU_COUNT(&left_) < cpus_; ++cpu) {
            if (CPU_ISSET(cpu, &*all)) CPU_SET(cpu, &left_);
        }
        if (auto begun = wait_.begin(); !begun) return begun;
        choose(threads);
        return squeeze(threads);
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        if (auto sampled = wait_.sample(); !sampled) return sampled;
        return share_ < 1 ? Status{} : squeeze(threads_now());  // those of a share inherit from whoever starts them
    }

    Result<Witness> witness() override {
        if (auto sampled = wait_.sample(); !sampled) return sampled.error();
        std::size_t alive = 0, changed = 0;
        for (const Squeezed& one : squeezed_) {
            const auto now = kernel::affinity(one.thread);
            if (!now) continue;
            ++alive;
            changed += CPU_EQUAL(&*now, &one.left) ? 0 : 1;
        }
        const auto as_time = [](Nanos time) { return format_quantity(to_seconds(time), dimension::time); };
        Witness witness;
        witness.bit = alive > changed && wait_.rose();
        witness.evidence = fmt::format(
            "{} of {} threads were read back as confined to CPU {} (sched_setaffinity); the target's threads waited {} "
            "for a CPU in {}, where they would have {} before",
            alive - changed, squeezed_.size(), kernel::to_text(left_), as_time(wait_.waited()), as_time(wait_.passed()),
            as_time(wait_.as_before()));
        witness.measures = {{"threads", static_cast<double>(squeezed_.size())},
                            {"threads_confined", static_cast<double>(alive - changed)},
                            {"cpus", static_cast<double>(cpus_)},
                            {"waited_seconds", to_seconds(wait_.waited())},
                            {"waited_seconds_as_before", to_seconds(wait_.as_before())},
                            {"in_force_seconds", to_seconds(wait_.passed())}};
        return witness;
    }

    Status heal() override {
        if (squeezed_.empty()) return {};
        if (auto restored = restore_what_inherited(); !restored) return restored;
        for (; !squeezed_.empty(); squeezed_.pop_back()) {
            const Squeezed& one = squeezed_.back();
            const auto now = kernel::affinity(one.thread);
            if (!now && !gone(now.error())) return now.error();
            if (now && CPU_EQUAL(&*now, &one.left)) {  // otherwise the target has changed it since
                const Status restored = kernel::set_affinity(one.thread, one.earlier);
                if (!restored && !gone(restored.error())) return restored;
            }
            if (auto closed = journal_.close(one.record); !closed) return closed;
        }
        return {};
    }

private:
    struct Squeezed {
        kernel::ProcessId thread;
        cpu_set_t earlier;
        cpu_set_t left;
        std::uint64_t record = 0;
    };

    std::vector<kernel::ProcessId> threads_now() const {
        return kernel::threads_of(kernel::target_processes(cgroup_, run_id_));
    }

    bool known(const kernel::ProcessId& thread) const {
        return std::any_of(squeezed_.begin(), squeezed_.end(), [&](const Squeezed& one) {
            return one.thread.pid == thread.pid && one.thread.start_time == thread.start_time;
        });
    }

    /// `share_` of them, at least one, by the seed.
    void choose(std::vector<kernel::ProcessId>& threads) const {
        const auto wanted = static_cast<std::size_t>(std::ceil(share_ * static_cast<double>(threads.size())));
        std::uint64_t state = seed_;
        while (threads.size() > std::max<std::size_t>(wanted, 1))
            threads.erase(threads.begin() + static_cast<std::ptrdiff_t>(next_random(state) % threads.size()));
    }

    /// Each on those of its CPUs that are left. One that has none of these was confined elsewhere before.
    Status squeeze(const std::vector<kernel::ProcessId>& threads) {
        for (const auto& thread : threads) {
            if (known(thread)) continue;
            const auto earlier = kernel::affinity(thread);
            if (!earlier) {
                if (gone(earlier.error())) continue;
                return earlier.error();
            }
            cpu_set_t left;
            CPU_AND(&left, &*earlier, &left_);
            if (CPU_COUNT(&left) == 0 || CPU_EQUAL(&left, &*earlier)) continue;
            const auto record = journal_.open("thread-affinity", {{"pid", std::to_string(thread.pid)},
                                                                  {"start_time", std::to_string(thread.start_time)},
                                                                  {"cpus", kernel::to_text(*earlier)}});
            if (!record) return record.error();
            squeezed_.push_back({thread, *earlier, left, *record});
            const Status set = kernel::set_affinity(thread, left);
            if (!set && !gone(set.error())) return set;
        }
        return {};
    }

    /// Those that were started meanwhile have the CPUs of whoever started them, and no record: they end with the run.
    Status restore_what_inherited() {
        for (const auto& thread : threads_now()) {
            const auto now = known(thread) ? Result<cpu_set_t>(Error{"has a record"}) : kernel::affinity(thread);
            if (!now) continue;
            const auto parent = std::find_if(squeezed_.begin(), squeezed_.end(),
                                             [&](const Squeezed& one) { return CPU_EQUAL(&one.left, &*now); });
            if (parent == squeezed_.end()) continue;
            const Status restored = kernel::set_affinity(thread, parent->earlier);
            if (!restored && !gone(restored.error())) return restored;
        }
        return {};
    }

    Journal& journal_;
    const kernel::Cgroup* const cgroup_;
    const std::string run_id_;
    const std::uint64_t seed_;
    const double share_;
    const int cpus_;
    cpu_set_t left_;
    std::vector<Squeezed> squeezed_;
    kernel::TargetWait wait_;
    Nanos sampled_at_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    auto injection = std::make_unique<CpuStarvation>(rig, aim.seed, options.number("threads"),
                                                     static_cast<int>(options.number("cpus")));
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "cpu-starvation",
    .summary = "Threads of the target crowd on fewer CPUs than it has: a wrong cpuset, pinning that went wrong.",
    .mechanism = "sched_setaffinity confines each thread of the target, or a share of them, to few of its CPUs.",
    .privilege = "none; root where the target changes its user",
    .witness =
        "The threads' CPUs were read back, and the target's threads waited longer for a CPU than before, by 1% of "
        "the time at least.",
    .healing = "Each thread gets back the CPUs that it had.",
    .site = Site::target,
    .holds = "the CPUs that the target runs on",
    .needs = {"target-cpus"},
    .options =
        {
            {.name = "threads",
             .dimension = dimension::none,
             .doc = "The share of the target's threads that is confined, at least one; with 100% new ones are as well.",
             .fallback = "100%",
             .min = 0.001,
             .max = 1},
            {.name = "cpus",
             .dimension = dimension::none,
             .doc = "How many CPUs are left to them: the first of those that the target has.",
             .fallback = "1",
             .min = 1,
             .max = 1024},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
