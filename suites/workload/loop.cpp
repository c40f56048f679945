#include "suites/workload/loop.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <limits>
#include <utility>

namespace squall::workload {
namespace {

constexpr int events_a_turn_max = 256;
constexpr int events_between_looks = 32;       // some 50 us: how late a publisher may be for the deliveries before it
constexpr std::size_t timers_a_turn_max = 32;  // of subscribers: some may each begin a connection
constexpr Nanos clock_pause_max = 2'000;
constexpr int clock_tries_max = 8;
constexpr Nanos no_limit = std::numeric_limits<Nanos>::max();
constexpr Token batch_token{Token::Kind::batch, 0, 0};

Nanos read_clock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time.tv_sec * nanos_per_second + time.tv_nsec;
}

}  // namespace

struct Loop::Call {
    const std::function<void()>* work;
    std::condition_variable done_changed;
    bool done = false;
};

Loop::~Loop() {
    if (prompt_ >= 0) ::close(prompt_);
    if (batches_ >= 0) ::close(batches_);
    if (wake_ >= 0) ::close(wake_);
    if (schedstat_ >= 0) ::close(schedstat_);
}

Status Loop::open() {
    prompt_ = ::epoll_create1(EPOLL_CLOEXEC);
    batches_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (prompt_ < 0 || batches_ < 0) {
        return system_failure("make an epoll instance", errno, "raise the limit on open files (ulimit -n)");
    }
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0) return system_failure("make an eventfd", errno, "raise the limit on open files (ulimit -n)");
    epoll_event none{};
    const timespec at_once{};
    if (::epoll_pwait2(prompt_, &none, 1, &at_once, nullptr) < 0) {
        return system_failure("wait with nanosecond precision (epoll_pwait2)", errno, "Linux 5.11 or later is needed");
    }
    if (Status status = watch(wake_, EPOLLIN, {Token::Kind::wake, 0, 0}); status.has_error()) return status;
    return watch(batches_, EPOLLIN | EPOLLONESHOT, batch_token);
}

Nanos Loop::now() const {
    return read_clock(CLOCK_MONOTONIC) - origin_;
}

/// Whoever is preempted between the two clocks would add that pause to every latency of the turn: the realtime clock is
/// read between two readings of the other, again if those are far apart.
void Loop::new_turn() {
    for (int tries = 0; tries < clock_tries_max; ++tries) {
        const Nanos before = now();
        const Nanos realtime = read_clock(CLOCK_REALTIME);
        turn_ = now();
        realtime_offset_ = turn_ - realtime;
        if (turn_ - before < clock_pause_max) return;
    }
}

/// How much longer the thread has waited for a CPU, since the last call: the second field of its schedstat.
Nanos Loop::waited_for_cpu() {
    char text[64];
    const ssize_t length = schedstat_ < 0 ? -1 : ::pread(schedstat_, text, sizeof text - 1, 0);
    if (length <= 0) return 0;
    text[length] = '\0';
    char* second = nullptr;
    (void)std::strtoll(text, &second, 10);
    const Nanos waited = std::strtoll(second, nullptr, 10);
    return waited - std::exchange(waited_for_cpu_, waited);
}

Status Loop::watch(int fd, std::uint32_t events, Token token, Queue queue) {
    epoll_event event{events, {.u64 = token.packed()}};
    if (::epoll_ctl(queue == Queue::prompt ? prompt_ : batches_, EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return system_failure("watch a socket", errno, "raise fs.epoll.max_user_watches");
}

Status Loop::rewatch(int fd, std::uint32_t events, Token token, Queue queue) {
    epoll_event event{events, {.u64 = token.packed()}};
    if (::epoll_ctl(queue == Queue::prompt ? prompt_ : batches_, EPOLL_CTL_MOD, fd, &event) == 0) return {};
    return system_failure("change what a socket is watched for", errno);
}

Status Loop::move(int fd, std::uint32_t events, Token token, Queue to) {
    for (const int epoll : {prompt_, batches_}) {
        if (::epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr) != 0 && errno != ENOENT) {
            return system_failure("stop watching a socket", errno);
        }
    }
    return watch(fd, events, token, to);
}

void Loop::at(Nanos when, Token token) {
    const bool batch = token.kind == Token::Kind::subscriber || token.kind == Token::Kind::lingering;
    Timers& timers = batch ? batch_timers_ : prompt_timers_;
    timers.push_back({when, token.packed()});
    std::push_heap(timers.begin(), timers.end(), std::greater<>());
}

void Loop::run(LoopOwner& owner) {
    // The default slack of 50 us would be part of every publish lag.
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    schedstat_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    new_turn();
    Nanos wait_max = no_limit;
    while (running_) {
        attend(owner, wait_max);
        if (!batch_ready_ || !running_) continue;
        const int count = read_batch(owner);
        wait_max = count == 0 ? no_limit : count == events_a_turn_max ? 0 : batch_interval;
        if (count > 0) continue;
        // All is read: the next message may wake the loop again.
        batch_ready_ = false;
        if (const Status status = rewatch(batches_, EPOLLIN | EPOLLONESHOT, batch_token); status.has_error()) {
            std::fprintf(stderr, "squall: workload loop: %s\n", status.error().message.c_str());
            std::abort();
        }
    }
}

/// Publishers, handshakes, calls and timers.
void Loop::attend(LoopOwner& owner, Nanos wait_max) {
    std::array<epoll_event, events_a_turn_max> events;
    const int count = wait(prompt_, events.data(), events_a_turn_max, wait_max);
    new_turn();
    held_up_ += waited_for_cpu();
    for (int i = 0; i < count && running_; ++i) {
        const Token token = Token::unpack(events[i].data.u64);
        if (token.kind == Token::Kind::wake) {
            run_calls();
        } else if (token.kind == Token::Kind::batch) {
            batch_ready_ = true;
        } else {
            owner.on_ready(token, events[i].events);
        }
    }
    if (!batch_ready_) held_up_ = 0;  // there was nothing to read when the wait ended
    fire(owner);
}

/// Open subscriptions. Returns how many had something.
int Loop::read_batch(LoopOwner& owner) {
    std::array<epoll_event, events_a_turn_max> events;
    const int count = wait(batches_, events.data(), events_a_turn_max, 0);
    held_up_before_ = std::exchange(held_up_, 0) + waited_for_cpu();
    for (int i = 0; i < count && running_; ++i) {
        if (i % events_between_looks == events_between_looks - 1) attend(owner, 0);
        owner.on_ready(Token::unpack(events[i].data.u64), events[i].events);
    }
    return count;
}

int Loop::wait(int epoll, epoll_event* events, int count, Nanos wait_max) {
    if (const Nanos timer = next_timer(); wait_max > 0 && timer != no_limit) {
        wait_max = std::min(wait_max, std::max<Nanos>(timer - now(), 0));
    }
    const timespec timeout{wait_max / nanos_per_second, wait_max % nanos_per_second};
    const int ready = ::epoll_pwait2(epoll, events, count, wait_max == no_limit ? nullptr : &timeout, nullptr);
    if (ready >= 0 || errno == EINTR) return std::max(ready, 0);
    // It worked in open(): the descriptor is gone, which is a bug, and going on would spin.
    std::perror("squall: workload loop: epoll_pwait2");
    std::abort();
}

Nanos Loop::next_timer() const {
    const Nanos prompt = prompt_timers_.empty() ? no_limit : prompt_timers_.front().when;
    return batch_timers_.empty() ? prompt : std::min(prompt, batch_timers_.front().when);
}

void Loop::fire(LoopOwner& owner) {
    fire(prompt_timers_, prompt_timers_.size(), owner);
    fire(batch_timers_, timers_a_turn_max, owner);
}

/// Timers that are armed meanwhile wait for the next turn: an instant in the past cannot hold the loop.
void Loop::fire(Timers& timers, std::size_t count_max, LoopOwner& owner) {
    for (; count_max > 0 && !timers.empty() && timers.front().when <= turn_; --count_max) {
        const Timer timer = timers.front();
        std::pop_heap(timers.begin(), timers.end(), std::greater<>());
        timers.pop_back();
        owner.on_timer(Token::unpack(timer.token), now() - timer.when);
    }
}

void Loop::run_calls() {
    std::uint64_t wakes = 0;
    if (::read(wake_, &wakes, sizeof wakes) < 0) return;  // another turn has taken it already
    std::vector<Call*> calls;
    {
        const std::lock_guard lock(mutex_);
        calls.swap(calls_);
    }
    for (Call* call : calls) {
        (*call->work)();
        const std::lock_guard lock(mutex_);
        call->done = true;
        call->done_changed.notify_one();  // under the lock: the waiter's stack holds the variable
    }
}

void Loop::call(const std::function<void()>& work) {
    std::unique_lock lock(mutex_);
    if (ended_) {
        work();
        return;
    }
    Call call{&work, {}, false};
    calls_.push_back(&call);
    const std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) < 0) {
        std::perror("squall: workload loop: wake up");  // a full counter: the loop has wakes enough
    }
    call.done_changed.wait(lock, [&] { return call.done; });
}

void Loop::ended() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    for (Call* call : calls_) {
        (*call->work)();
        call->done = true;
        call->done_changed.notify_one();
    }
    calls_.clear();
}

}  // namespace squall::workload
