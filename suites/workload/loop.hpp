// The load generator's own event loop: epoll, timers to the nanosecond, and calls from other threads.
//
// Not Asio: subscribers have to misbehave at every byte of the wire (stop reading one socket, see its reset all the
// same, read the kernel's receive timestamp, vanish without a packet), ten thousand of them may cost no more than a
// kibibyte each, and publishing must not wait behind a queue of completion handlers.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall::workload {

/// Who an event or a timer is for. A stale one is told by its generation, and dropped by its owner.
struct Token {
    enum class Kind : std::uint8_t { subscriber, publisher, lingering, cohort, slice, pulse, wake, batch };
    Kind kind{};
    std::uint32_t index = 0;  ///< below 2^24
    std::uint32_t generation = 0;

    std::uint64_t packed() const {
        return static_cast<std::uint64_t>(kind) << 56 | static_cast<std::uint64_t>(index) << 32 | generation;
    }
    static Token unpack(std::uint64_t bits) {
        return {static_cast<Kind>(bits >> 56), static_cast<std::uint32_t>(bits >> 32 & 0xFFFFFF),
                static_cast<std::uint32_t>(bits)};
    }
};

class LoopOwner {
public:
    virtual void on_ready(Token token, std::uint32_t events) = 0;
    virtual void on_timer(Token token, Nanos late) = 0;  ///< `late`: by how much it fired after its instant

protected:
    ~LoopOwner() = default;
};

/// Publishers, handshakes and calls are attended to at once. Open subscriptions are read in batches, some 200 us apart:
/// their arrival is the kernel's timestamp, so that a late read costs no accuracy, and waking up for every single
/// message costs more than reading it.
enum class Queue : std::uint8_t { prompt, batches };

class Loop {
public:
    explicit Loop(Nanos origin) : origin_(origin) {}
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    Status open();
    /// Runs on the calling thread until stop().
    void run(LoopOwner& owner);
    void stop() { running_ = false; }

    /// From any thread: has `work` done by the loop's thread, and returns when it is.
    void call(const std::function<void()>& work);
    /// No loop's thread any more: call() does the work itself.
    void ended();

    /// Now, since the run's origin; read at this call.
    Nanos now() const;
    /// When what the loop is working at became known: read once a batch of events.
    Nanos turn() const { return turn_; }
    /// Others kept the loop from its CPU for longer than a batch takes, while what is being read of open subscriptions
    /// arrived: of several messages in one read only the last one's arrival is known.
    bool held_up() const { return held_up_ + held_up_before_ > batch_interval; }
    /// A kernel timestamp (CLOCK_REALTIME) on the run's clock, by the offset that was measured this turn.
    Nanos from_realtime(Nanos realtime) const { return realtime + realtime_offset_; }

    Status watch(int fd, std::uint32_t events, Token token, Queue queue = Queue::prompt);
    /// Changes what a watched descriptor is watched for.
    Status rewatch(int fd, std::uint32_t events, Token token, Queue queue = Queue::prompt);
    /// From whichever queue it is in.
    Status move(int fd, std::uint32_t events, Token token, Queue to);

    /// Timers of subscribers come after all others: ten thousand reconnects at one instant do not hold up a publisher.
    void at(Nanos when, Token token);

    static constexpr std::size_t timer_bytes = 16;

private:
    static constexpr Nanos batch_interval = 200'000;

    struct Timer {
        Nanos when;
        std::uint64_t token;
        friend bool operator>(const Timer& a, const Timer& b) { return a.when > b.when; }
    };
    static_assert(sizeof(Timer) == timer_bytes);
    using Timers = std::vector<Timer>;  // a heap, the earliest in front

    void attend(LoopOwner& owner, Nanos wait_max);
    int read_batch(LoopOwner& owner);
    int wait(int epoll, epoll_event* events, int count, Nanos wait_max);
    void new_turn();
    Nanos waited_for_cpu();
    void fire(LoopOwner& owner);
    void fire(Timers& timers, std::size_t count_max, LoopOwner& owner);
    Nanos next_timer() const;
    void run_calls();

    Nanos origin_;
    Nanos turn_ = 0;
    Nanos realtime_offset_ = 0;
    int prompt_ = -1;
    int batches_ = -1;
    bool batch_ready_ = false;  // `batches_` has something, and is not watched by `prompt_` meanwhile
    int wake_ = -1;
    int schedstat_ = -1;        // the loop thread's own, where the kernel keeps one
    Nanos waited_for_cpu_ = 0;  // when it was last read
    Nanos held_up_ = 0;         // since the batch that is being read was asked for, or since there was nothing to read
    Nanos held_up_before_ = 0;  // until then, for that batch
    bool running_ = true;
    Timers prompt_timers_;
    Timers batch_timers_;

    struct Call;
    std::mutex mutex_;
    std::vector<Call*> calls_;
    bool ended_ = false;
};

}  // namespace squall::workload
