// The target's process over all its lives: a fault may end it and start it again; what ends it otherwise is its death.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "faults/core/target_process.hpp"
#include "suites/targets/process.hpp"

namespace squall {

/// From the end of one process by a fault to the next one's being ready. Instants are of CLOCK_MONOTONIC; 0: not yet.
struct Restart {
    pid_t pid = 0;
    Nanos told_at = 0;   ///< the signal
    Nanos ended_at = 0;  ///< when that was noticed
    std::string how;     ///< it ended
    pid_t new_pid = 0;
    Nanos started_at = 0;
    Nanos ready_at = 0;
    Nanos seen_until = 0;  ///< when it was ended in its turn, or the run's end
};

/// All calls but pid() and serving() are the starting thread's.
class SupervisedProcess final : public TargetProcess {
public:
    /// `plan` as for Process::start. `ready`: asks the target once whether it is, and succeeds when it says so; it is
    /// called from a thread in the target's network namespace, after a restart only.
    static Result<std::unique_ptr<SupervisedProcess>> start(Journal& journal, ProcessPlan plan,
                                                            std::function<Status()> ready);
    ~SupervisedProcess() override;  ///< stop(), failures on stderr

    /// 0: none runs. From any thread.
    pid_t pid() const { return pid_; }
    /// It has been ready since its last start, and no fault has ended it. From any thread.
    bool serving() const { return serving_; }
    /// It ended, and no fault did it. Does not block.
    std::optional<ProcessEnd> died();
    std::vector<Restart> restarts() const;

    /// Process::stop, where one runs. After that: did it end as it was told, or was none there?
    Status stop();
    bool ended_as_told() const { return state_ != State::running || process_->ended_as_told(); }
    /// After stop().
    std::optional<ProcessEnd> end_of_last() { return process_->ended(); }

    Result<Look> look() override;
    Status end(int signal) override;
    Status start() override;

private:
    enum class State { running, ending, ended };

    SupervisedProcess(Journal& journal, ProcessPlan plan, std::function<Status()> ready)
        : journal_(journal), plan_(std::move(plan)), ready_(std::move(ready)) {}
    Status launch();
    Status kill_all() const;
    void watch();
    void stop_watching();
    Status end_last_line() const;

    Journal& journal_;
    const ProcessPlan plan_;
    const std::function<Status()> ready_;
    std::unique_ptr<Process> process_;
    State state_ = State::running;
    std::atomic<pid_t> pid_ = 0;
    std::vector<Restart> restarts_;
    bool killing_ = false;  ///< SIGKILL has been sent
    std::atomic<Nanos> ready_at_ = 0;
    std::atomic<bool> serving_ = true;
    std::atomic<bool> stop_watching_ = false;
    std::thread watcher_;
};

}  // namespace squall
