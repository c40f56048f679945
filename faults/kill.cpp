// kill: the target's process is ended and started again, once or in a loop, as by an OOM killer, a crash and a
// supervisor. Does not wait for the target's word: what it had in memory is gone, unless the signal lets it say
// good-bye.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "faults/core/clock.hpp"
#include "faults/core/fault.hpp"

namespace squall {
namespace {

constexpr Nanos end_deadline = 10 * nanos_per_second;  // of SIGKILL: longer, and it is stuck in the kernel
constexpr std::size_t named_max = 5;

/// How long a supervisor waits before it starts the target again.
struct Delay {
    Nanos first = 0;
    double factor = 1;
    Nanos max = 0;

    Nanos after(std::size_t kills) const {
        const double grown = static_cast<double>(first) * std::pow(factor, static_cast<double>(kills - 1));
        return grown < static_cast<double>(max) ? static_cast<Nanos>(grown) : max;
    }
};

class Kill final : public Injection {
public:
    Kill(TargetProcess& target, int signal, std::size_t times, Nanos uptime, Delay delay)
        : target_(target), signal_(signal), times_(times), uptime_(uptime), delay_(delay) {}

    ~Kill() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: kill: %s\n", healed.error().message.c_str());
        }
    }

    Status kill() {
        const auto look = target_.look();
        if (!look) return look.error();
        if (auto told = target_.end(signal_); !told) return told;
        lives_.push_back({.pid = look->pid, .told_at = monotonic_now()});
        state_ = State::ending;
        return {};
    }

    Status advance(Nanos) override {
        const auto look = target_.look();
        if (!look) return look.error();
        Life& life = lives_.back();
        const Nanos now = monotonic_now();
        if (state_ == State::ending && !look->ended.empty()) {
            life.how = look->ended;
            life.ended_at = now;
            state_ = State::down;
        }
        if (state_ == State::down && now - life.ended_at >= delay_.after(lives_.size())) return start();
        if (state_ != State::up || !look->ended.empty()) return {};  // what dies by itself now is the run's to notice
        life.ready_at = look->ready_at;
        const bool due = life.ready_at && now - *life.ready_at >= uptime_;
        return due && lives_.size() < times_ ? kill() : Status{};
    }

    Result<Witness> witness() override {
        const auto ended = std::count_if(lives_.begin(), lives_.end(), [](const Life& l) { return l.ended_at != 0; });
        const auto ready = std::count_if(lives_.begin(), lives_.end(), [](const Life& l) { return l.ready_at; });
        Nanos slowest = 0;
        std::vector<std::string> named;
        for (const Life& life : lives_) {
            if (life.ready_at) slowest = std::max(slowest, *life.ready_at - life.told_at);
            if (named.size() < named_max) named.push_back(describe(life));
        }
        if (lives_.size() > named_max) named.push_back(fmt::format("{} more", lives_.size() - named_max));
        Witness witness;
        witness.bit = ended > 0;
        witness.evidence =
            fmt::format("{} of {} times the target ended by the signal: {}", ended, times_, fmt::join(named, "; "));
        witness.measures = {{"kills", static_cast<double>(ended)},
                            {"ready_again", static_cast<double>(ready)},
                            {"kill_to_ready_seconds_max", to_seconds(slowest)}};
        return witness;
    }

    Status heal() override {
        if (lives_.empty() || state_ == State::up) return {};
        if (state_ == State::ending) {
            if (auto ended = wait_for_end(); !ended) return ended;
        }
        return start();
    }

private:
    enum class State { ending, down, up };
    struct Life {
        pid_t pid = 0;
        Nanos told_at = 0;
        Nanos ended_at = 0;
        std::string how;
        pid_t new_pid = 0;
        std::optional<Nanos> ready_at;
    };

    static std::string describe(const Life& life) {
        const auto since = [&](Nanos at) { return format_quantity(to_seconds(at - life.told_at), dimension::time); };
        if (life.ended_at == 0) return fmt::format("{} has not ended", life.pid);
        const std::string ended = fmt::format("{} was {}", life.pid, life.how);
        if (life.new_pid == 0) return ended + ", and not started again";
        if (!life.ready_at) return fmt::format("{}, {} was not seen to be ready", ended, life.new_pid);
        return fmt::format("{}, {} was ready {} after the signal", ended, life.new_pid, since(*life.ready_at));
    }

    Status start() {
        if (auto started = target_.start(); !started) return started;
        state_ = State::up;
        const auto look = target_.look();
        if (!look) return look.error();
        lives_.back().new_pid = look->pid;
        return {};
    }

    /// The time for farewells is over.
    Status wait_for_end() {
        const Nanos until = monotonic_now() + end_deadline;
        if (auto killed = target_.end(SIGKILL); !killed) return killed;
        while (monotonic_now() < until) {
            const auto look = target_.look();
            if (!look) return look.error();
            if (!look->ended.empty()) {
                lives_.back().how = look->ended;
                lives_.back().ended_at = monotonic_now();
                state_ = State::down;
                return {};
            }
            poll(nullptr, 0, 5);
        }
        return Error{
            fmt::format("process {} does not die of SIGKILL; it may be stuck in the kernel", lives_.back().pid)};
    }

    TargetProcess& target_;
    const int signal_;
    const std::size_t times_;
    const Nanos uptime_;
    const Delay delay_;
    std::vector<Life> lives_;
    State state_ = State::up;
};

int signal_number(const std::string& name) {
    return name == "term" ? SIGTERM : name == "abort" ? SIGABRT : SIGKILL;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (rig.target_process == nullptr) {
        return Error{"kill needs a target that squall started: launch in its profile, not address"};
    }
    const auto times = static_cast<std::size_t>(options.number("times"));
    const Delay delay{options.duration("restart_after"), options.number("backoff"), options.duration("backoff_max")};
    if (delay.first > delay.max) {
        return Error{"kill: restart_after is longer than backoff_max, which bounds it; raise backoff_max"};
    }
    auto injection = std::make_unique<Kill>(*rig.target_process, signal_number(options.choice("signal")), times,
                                            options.duration("uptime"), delay);
    if (auto killed = injection->kill(); !killed) return killed.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "kill",
    .summary = "The target's process dies and is started again: a crash, the OOM killer, a deployment, a crash loop.",
    .mechanism = "A signal to the target, and its command once more, in the same network, control group and CPUs.",
    .privilege = "none; root where the target changes its user",
    .witness = "The target's process ended once it had the signal, and another one has been started.",
    .healing = "The target runs: where it is down, it is started without further delay.",
    .site = Site::target,
    .holds = "whether the target runs",
    .needs = {},
    .options =
        {
            {.name = "signal",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "kill: no time for anything; term: told to stop; abort: as if it had failed an assertion.",
             .fallback = "kill",
             .choices = {"kill", "term", "abort"}},
            {.name = "restart_after",
             .dimension = dimension::time,
             .doc = "From its end to its next start.",
             .fallback = "1s",
             .min = 0,
             .max = 3600},
            {.name = "times",
             .dimension = dimension::none,
             .doc = "How often it is killed in all.",
             .fallback = "1",
             .min = 1,
             .max = 1000},
            {.name = "uptime",
             .dimension = dimension::time,
             .doc = "From when it is ready again to the next kill.",
             .fallback = "1s",
             .min = 0,
             .max = 3600},
            {.name = "backoff",
             .dimension = dimension::none,
             .doc = "By what restart_after grows from one kill to the next.",
             .fallback = "1",
             .min = 1,
             .max = 100},
            {.name = "backoff_max",
             .dimension = dimension::time,
             .doc = "Beyond which it does not grow; Kubernetes has 5m.",
             .fallback = "5m",
             .min = 0,
             .max = 3600},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
