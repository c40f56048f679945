#include "suites/targets/supervised_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "faults/core/clock.hpp"
#include "faults/kernel/namespace.hpp"
#include "faults/kernel/target_processes.hpp"

namespace squall {
namespace {

constexpr int ask_again_ms = 20;

}  // namespace

Result<std::unique_ptr<SupervisedProcess>> SupervisedProcess::start(Journal& journal, ProcessPlan plan,
                                                                    std::function<Status()> ready) {
    std::unique_ptr<SupervisedProcess> started(new SupervisedProcess(journal, std::move(plan), std::move(ready)));
    if (auto launched = started->launch(); !launched) return launched.error();
    return started;
}

SupervisedProcess::~SupervisedProcess() {
    if (auto stopped = stop(); !stopped) std::fprintf(stderr, "squall: %s\n", stopped.error().message.c_str());
}

Status SupervisedProcess::launch() {
    auto process = Process::start(journal_, plan_);
    if (!process) return process.error();
    process_ = std::move(*process);
    pid_ = process_->pid();
    state_ = State::running;
    return {};
}

std::optional<ProcessEnd> SupervisedProcess::died() {
    return state_ == State::running ? process_->ended() : std::nullopt;
}

std::vector<Restart> SupervisedProcess::restarts() const {
    auto all = restarts_;
    if (!all.empty()) all.back().ready_at = ready_at_;
    return all;
}

Status SupervisedProcess::stop() {
    stop_watching();
    if (!restarts_.empty() && restarts_.back().seen_until == 0) restarts_.back().seen_until = monotonic_now();
    if (!process_) return {};
    if (state_ == State::ending) {
        if (auto killed = kill_all(); !killed) return killed;
    }
    return process_->stop();
}

Result<TargetProcess::Look> SupervisedProcess::look() {
    Look look{.pid = process_->pid(), .by_us = state_ != State::running};
    if (state_ == State::running) {
        if (const auto& end = process_->ended()) look.ended = end->how;
        if (const Nanos ready_at = ready_at_; ready_at != 0) look.ready_at = ready_at;
        return look;
    }
    if (state_ == State::ending) {
        const auto& end = process_->ended();
        if (end) pid_ = 0;
        const bool overdue = monotonic_now() - restarts_.back().told_at > plan_.stop_grace;
        if ((end || overdue || killing_) && !kernel::target_processes(plan_.cgroup, journal_.run_id()).empty()) {
            killing_ = true;
            if (auto killed = kill_all(); !killed) return killed.error();
            return look;
        }
        if (!end) return look;
        // Nothing is left that this would have to wait for.
        if (auto stopped = process_->stop(); !stopped) return stopped.error();
        restarts_.back().ended_at = monotonic_now();
        restarts_.back().how = end->how;
        state_ = State::ended;
    }
    look.ended = restarts_.back().how;
    return look;
}

Status SupervisedProcess::end(int signal) {
    if (state_ == State::ending && signal == SIGKILL) {
        killing_ = true;
        return kill_all();
    }
    if (state_ != State::running) return Error{"end the target: another fault has done that already"};
    if (const auto& end = process_->ended()) return Error{"end the target: by itself, it " + end->how};
    stop_watching();
    if (!restarts_.empty()) {
        restarts_.back().ready_at = ready_at_;
        restarts_.back().seen_until = monotonic_now();
    }
    ready_at_ = 0;
    serving_ = false;
    restarts_.push_back({.pid = process_->pid(), .told_at = monotonic_now()});
    state_ = State::ending;
    killing_ = signal == SIGKILL;
    if (killing_) return kill_all();
    if (kill(process_->pid(), signal) != 0) {
        return system_failure(fmt::format("send signal {} to the target", signal), errno);
    }
    return {};
}

Status SupervisedProcess::kill_all() const {
    for (const auto& process : kernel::target_processes(plan_.cgroup, journal_.run_id())) {
        if (auto told = kernel::signal_process(process, SIGKILL); !told) return told;
    }
    return {};
}

Status SupervisedProcess::start() {
    if (state_ != State::ended) return Error{"start the target again: it has not ended"};
    if (auto ended = end_last_line(); !ended) return ended;
    if (auto launched = launch(); !launched) return launched;
    restarts_.back().new_pid = process_->pid();
    restarts_.back().started_at = monotonic_now();
    stop_watching_ = false;
    watcher_ = std::thread([this] { watch(); });
    return {};
}

/// What was killed as it wrote has left half a line, which would swallow the first one of its successor.
Status SupervisedProcess::end_last_line() const {
    const int log = open(plan_.output.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
    if (log < 0) return system_failure("open " + plan_.output.string(), errno);
    char last = '\n';
    const off_t size = lseek(log, 0, SEEK_END);
    const bool fine = size <= 0 || pread(log, &last, 1, size - 1) != 1 || last == '\n' || write(log, "\n", 1) == 1;
    const int number = errno;
    close(log);
    return fine ? Status() : system_failure("write to " + plan_.output.string(), number, "is its disk full?");
}

void SupervisedProcess::watch() {
    if (plan_.netns && !plan_.netns->enter()) return;  // never seen to be ready: the run says so
    while (!stop_watching_) {
        if (ready_()) {
            ready_at_ = monotonic_now();
            serving_ = true;
            return;
        }
        poll(nullptr, 0, ask_again_ms);
    }
}

void SupervisedProcess::stop_watching() {
    stop_watching_ = true;
    if (watcher_.joinable()) watcher_.join();
}

}  // namespace squall
