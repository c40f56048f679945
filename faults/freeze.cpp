// freeze: the target stands still, as in a pause for garbage collection or of its VM.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "faults/core/clock.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/target_processes.hpp"

namespace squall {
namespace {

class Freeze final : public Injection {
public:
    explicit Freeze(Rig& rig) : journal_(rig.journal), cgroup_(rig.target_cgroup), run_id_(rig.run_id) {}

    ~Freeze() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: freeze: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        if (auto stopped = stop(); !stopped) return stopped;
        if (members_.empty()) {
            return Error{"freeze found no process of the target that runs; it needs one that squall started"};
        }
        return {};
    }

    Status advance(Nanos) override {
        // One that was just executing a program had no environment to know it by at the first look.
        if (paused_ && !seen_) {
            if (auto stopped = stop_what_runs(); !stopped) return stopped;
        }
        sample();
        return {};
    }

    Result<Witness> witness() override {
        sample();
        const double stopped = paused_ && seen_ ? seconds_since_stop() : stopped_seconds_;
        Witness witness;
        witness.bit = seen_ && !went_on_ && used_ == 0;
        witness.evidence = fmt::format(
            "the target's processes (at most {}) were {} seen stopped by SIGSTOP, for {}, and used {} of CPU time then",
            processes_max_, seen_ ? "all" : "not all", format_quantity(stopped, dimension::time),
            format_quantity(to_seconds(used_), dimension::time));
        witness.measures = {{"stopped_seconds", stopped},
                            {"processes", static_cast<double>(processes_max_)},
                            {"used_seconds", to_seconds(used_)}};
        return witness;
    }

    Status heal() override { return paused_ ? go_on() : Status{}; }

private:
    struct Member {
        kernel::ProcessId process;
        std::optional<Nanos> used_when_stopped = {};
    };

    Status stop() {
        paused_ = true;
        stopped_at_ = monotonic_now();
        return stop_what_runs();
    }

    /// Until a look finds none that runs: what is stopped starts no others, what is not yet may.
    Status stop_what_runs() {
        constexpr int looks_max = 100;
        for (int look = 0; look < looks_max; ++look) {
            const auto running = not_stopped();
            processes_max_ = std::max(processes_max_, members_.size());
            if (running.empty()) return {};
            if (auto recorded = record(running); !recorded) return recorded;
            for (const auto& process : running) {
                members_.insert_or_assign(process.pid, Member{process});
                if (auto told = kernel::signal_process(process, SIGSTOP); !told) return told;
            }
        }
        return Error{"freeze: the target starts processes faster than they can be stopped"};
    }

    /// What was stopped before is not ours to continue.
    std::vector<kernel::ProcessId> not_stopped() const {
        std::vector<kernel::ProcessId> running;
        for (const auto& process : kernel::target_processes(cgroup_, run_id_)) {
            const auto member = members_.find(process.pid);
            if (member != members_.end() && member->second.process.start_time == process.start_time) continue;
            const auto activity = kernel::process_activity(process);
            if (activity && !activity->stopped) running.push_back(process);
        }
        return running;
    }

    Status record(const std::vector<kernel::ProcessId>& processes) {
        std::string list;
        for (const auto& [pid, start_time, session] : processes)
            list += fmt::format("{}{} {}", list.empty() ? "" : " ", pid, start_time);
        const auto opened = journal_.open("process-continue", {{"processes", list}});
        if (!opened) return opened.error();
        records_.push_back(*opened);
        return {};
    }

    Status go_on() {
        sample();
        for (auto member = members_.begin(); member != members_.end();) {
            if (auto told = kernel::signal_process(member->second.process, SIGCONT); !told) return told;
            member = members_.erase(member);
        }
        paused_ = false;
        if (seen_) stopped_seconds_ = seconds_since_stop();
        Status first_failure;
        for (; !records_.empty(); records_.pop_back()) {
            if (auto closed = journal_.close(records_.back()); !closed && first_failure) first_failure = closed;
        }
        return first_failure;
    }

    /// The signal reaches a process when it next leaves the kernel: from when all are stopped, none may use CPU time.
    void sample() {
        if (!paused_) return;
        bool all = !members_.empty();
        bool one = false;
        for (auto& [pid, member] : members_) {
            const auto activity = kernel::process_activity(member.process);
            if (!activity) continue;  // stopped processes can still be killed
            all = all && activity->stopped;
            one = one || activity->stopped;
            went_on_ = went_on_ || (seen_ && !activity->stopped);
            if (!activity->stopped) continue;
            if (member.used_when_stopped) used_ += activity->cpu_time - *member.used_when_stopped;
            member.used_when_stopped = activity->cpu_time;
        }
        seen_ = seen_ || (all && one);
    }

    double seconds_since_stop() const { return to_seconds(monotonic_now() - stopped_at_); }

    Journal& journal_;
    const kernel::Cgroup* const cgroup_;
    const std::string run_id_;
    std::map<pid_t, Member> members_;
    std::vector<std::uint64_t> records_;
    bool paused_ = false;
    bool seen_ = false;
    bool went_on_ = false;  ///< somebody else continued one
    Nanos stopped_at_ = 0;
    std::size_t processes_max_ = 0;
    double stopped_seconds_ = 0;
    Nanos used_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options&) {
    auto injection = std::make_unique<Freeze>(rig);
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "freeze",
    .summary = "The target stands still: a pause for garbage collection, a VM that is suspended or moved.",
    .mechanism = "SIGSTOP to every process of the target's control group and to all that bear the run's variable.",
    .privilege = "none; root where the target changes its user",
    .witness = "All of the target's threads were seen stopped, and used no CPU time until SIGCONT.",
    .healing = "The processes that were stopped are continued with SIGCONT.",
    .site = Site::target,
    .holds = "whether the target runs",
    .needs = {},
    .options = {},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
