// Deadlines of all connections on one coarse clock.
//
// Four timers a connection would be 40,000 heap entries for 10,000 connections, most of them moved again and again
// without ever firing. Here a connection hangs in one slot, for the earliest of its deadlines. A deadline that moves
// later is left where it is: when the slot comes round, the connection looks at its real deadlines and hangs itself
// up again. Deadlines are met within one tick, never early.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "reference-server/src/message.hpp"

namespace squall::reference {

inline constexpr Clock::time_point never = Clock::time_point::max();

class DeadlineWheel;

// Base of whatever waits for a deadline; leaves its wheel when destroyed.
class DeadlineHook {
public:
    DeadlineHook() = default;
    DeadlineHook(const DeadlineHook&) = delete;
    DeadlineHook& operator=(const DeadlineHook&) = delete;

    // Called at or after the time armed for. The hook is unarmed by then.
    virtual void on_deadline(Clock::time_point now) = 0;

    void disarm();

protected:
    virtual ~DeadlineHook() { disarm(); }

private:
    friend class DeadlineWheel;
    DeadlineHook* next_ = nullptr;
    DeadlineHook** link_ = nullptr;  // what points here; null: unarmed
    Clock::time_point due_ = never;
};

class DeadlineWheel {
public:
    static constexpr std::chrono::milliseconds tick{100};

    explicit DeadlineWheel(Clock::time_point start) : start_(start) {}
    ~DeadlineWheel();

    // Sees to it that on_deadline is called for `due`, or earlier when the hook was armed for earlier.
    void arm(DeadlineHook& hook, Clock::time_point due);

    // Calls every hook that is due. To be called once a tick; catches up after a stall.
    void advance(Clock::time_point now);

private:
    static constexpr std::size_t slots = 512;

    std::uint64_t tick_of(Clock::time_point time) const;
    void hang(DeadlineHook& hook);

    Clock::time_point start_;
    std::uint64_t current_ = 0;  // the last tick that was served
    std::array<DeadlineHook*, slots> slots_{};
};

}  // namespace squall::reference
