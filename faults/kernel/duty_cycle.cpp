#include "faults/kernel/duty_cycle.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "faults/kernel/process.hpp"

namespace squall::kernel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Nanos look_min = 1'000'000;

/// CPU time of all its threads. 0: it has ended.
Nanos used_by(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return used.tv_sec * nanos_per_second + used.tv_nsec;
}

class StopAndGo final : public DutyCycle {
public:
    StopAndGo(Journal& journal, std::string run_id, const CpuLimit& limit)
        : journal_(journal), run_id_(std::move(run_id)), limit_(limit) {}
    ~StopAndGo() override {
        if (const Status ended = end(); !ended) {
            std::fprintf(stderr, "squall: duty cycle: %s\n", ended.error().message.c_str());
        }
    }

    Status begin() {
        if (auto found = look_for_processes(); !found) return found;
        if (members_.empty()) return Error{"there is no process of a target that squall started"};
        thread_ = std::thread([this] { run(); });
        return {};
    }

    void set(const CpuLimit& limit) override {
        const std::lock_guard lock(mutex_);
        limit_ = limit;
    }

    Status look_for_processes() override {
        for (const auto& process : processes_of_run(run_id_)) {
            {
                const std::lock_guard lock(mutex_);
                if (!failure_) return failure_;
                if (members_.count(process.pid) != 0) continue;
            }
            const auto list = fmt::format("{} {}", process.pid, process.start_time);
            const auto record = journal_.open("process-continue", {{"processes", list}});
            if (!record) return record.error();
            records_.push_back(*record);
            const std::lock_guard lock(mutex_);
            members_.insert({process.pid, {process, used_by(process.pid)}});
        }
        return {};
    }

    CpuStat stat() const override {
        const std::lock_guard lock(mutex_);
        return stat_;
    }

    Status end() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable()) thread_.join();
        if (!left_stopped_) return left_stopped_;  // and the records stay
        Status first_failure = failure_;
        for (; !records_.empty(); records_.pop_back()) {
            if (auto closed = journal_.close(records_.back()); !closed && first_failure) first_failure = closed;
        }
        return first_failure;
    }

private:
    struct Member {
        ProcessId process;
        Nanos used = 0;
    };

    void run() {
        std::unique_lock lock(mutex_);
        for (Nanos left = 0; !ending_ && failure_;) {
            const auto period_end = Clock::now() + std::chrono::nanoseconds(limit_.period);
            left = std::min(left, Nanos{0}) + limit_.quota;  // what was overrun is made up for
            ++stat_.periods;
            while (left > 0 && Clock::now() < period_end && !ending_) {
                const auto look = Clock::now() + std::chrono::nanoseconds(std::max(left / threads_at_once, look_min));
                wake_.wait_until(lock, std::min(look, period_end), [this] { return ending_; });
                left -= use();
            }
            if (left <= 0) stand_still(lock, period_end);
            left -= use();  // until the signal took hold
        }
        left_stopped_ = signal_all(SIGCONT);
    }

    /// What was used since the last call, of all members.
    Nanos use() {
        Nanos used = 0;
        for (auto& [pid, member] : members_) {
            const Nanos now = used_by(pid);
            used += std::max<Nanos>(now - member.used, 0);
            member.used = std::max(now, member.used);
        }
        stat_.usage += used;
        return used;
    }

    void stand_still(std::unique_lock<std::mutex>& lock, Clock::time_point until) {
        const auto stopped_at = Clock::now();
        keep(signal_all(SIGSTOP));
        wake_.wait_until(lock, until, [this] { return ending_; });
        keep(signal_all(SIGCONT));
        ++stat_.throttled_periods;
        stat_.throttled_time += std::chrono::nanoseconds(Clock::now() - stopped_at).count();
    }

    /// The first failure; the others are told all the same.
    Status signal_all(int signal) const {
        Status first_failure;
        for (const auto& [pid, member] : members_) {
            if (auto told = signal_process(member.process, signal); !told && first_failure) first_failure = told;
        }
        return first_failure;
    }
    void keep(const Status& status) {
        if (failure_) failure_ = status;
    }

    // A look comes before as many threads can have used what is left.
    static inline const Nanos threads_at_once = std::max<Nanos>(std::thread::hardware_concurrency(), 1);

    Journal& journal_;
    const std::string run_id_;
    std::vector<std::uint64_t> records_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    CpuLimit limit_;
    CpuStat stat_;
    std::map<pid_t, Member> members_;
    Status failure_;
    Status left_stopped_;  ///< written by the thread, read when it has ended
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DutyCycle>> DutyCycle::start(Journal& journal, const std::string& run_id,
                                                    const CpuLimit& limit) {
    auto started = std::make_unique<StopAndGo>(journal, run_id, limit);
    if (auto begun = started->begin(); !begun) return begun.error();
    return std::unique_ptr<DutyCycle>(std::move(started));
}

}  // namespace squall::kernel
