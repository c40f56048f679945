// A session's deadlines. Each is looked at when the wheel comes round to the session, one function each.
//
// A stalled event loop must not end connections whose peers did answer in time: before a deadline is held against a
// peer, what the kernel has for it, or takes from it, is tried once more.
#include <algorithm>
#include <cmath>

#include "reference-server/src/session.hpp"

namespace squall::reference {
namespace {

// Heartbeats keep their own rhythm, whatever else is sent, so that the longest silence is one interval. Connections
// that came together would beat together: the golden ratio spreads any number of them evenly.
std::chrono::milliseconds first_beat(std::uint64_t connection, std::chrono::milliseconds interval) {
    constexpr double golden_ratio = 0.6180339887498949;
    double whole = 0;
    const double phase = std::modf(static_cast<double>(connection) * golden_ratio, &whole);
    return std::chrono::milliseconds(1 + static_cast<std::int64_t>(phase * static_cast<double>(interval.count() - 1)));
}

}  // namespace

void Session::start_deadlines(Clock::time_point now) {
    if (heartbeat_interval().count() != 0) heartbeat_due_ = now + first_beat(number_, heartbeat_interval());
    if (hub_.config.idle_timeout.count() != 0) idle_due_ = now + hub_.config.idle_timeout;
    reschedule();
}

void Session::reschedule() {
    if (state_ == State::closed) return;
    if (state_ == State::waiting_for_ack) {
        hub_.wheel.arm(*this, Clock::now() + DeadlineWheel::tick);
        return;
    }
    hub_.wheel.arm(*this, std::min({heartbeat_due_, pong_due_, write_due_, slow_due_, idle_due_, close_due_}));
}

void Session::on_deadline(Clock::time_point now) {
    if (state_ == State::waiting_for_ack) {
        wait_for_acknowledgement();
        return;
    }
    if (close_deadline_passed(now)) {
        finish(true);
        return;
    }
    if (open()) {
        if (slow_deadline_passed(now))
            end(Reason::slow_consumer);
        else if (write_deadline_passed(now))
            end(Reason::write_timeout);
        else if (pong_deadline_passed(now))
            end(Reason::pong_timeout);
        else if (idle_deadline_passed(now))
            end(Reason::idle_timeout);
        else if (open())
            heartbeat_if_due(now);
    }
    reschedule();
}

bool Session::close_deadline_passed(Clock::time_point now) {
    return now >= close_due_;
}

bool Session::slow_deadline_passed(Clock::time_point now) {
    if (now < slow_due_) return false;
    flush();
    return open() && now >= slow_due_;
}

bool Session::write_deadline_passed(Clock::time_point now) {
    if (now < write_due_) return false;
    flush();
    if (!open() || now < write_due_) return false;
    ++hub_.metrics.write_timeouts;
    return true;
}

bool Session::pong_deadline_passed(Clock::time_point now) {
    if (now < pong_due_) return false;
    while (open() && now >= pong_due_ && receive_once()) {
    }
    return open() && now >= pong_due_;
}

bool Session::idle_deadline_passed(Clock::time_point now) {
    if (!open() || now < idle_due_) return false;
    receive_once();
    if (!open()) return false;
    idle_due_ = last_heard(now) + hub_.config.idle_timeout;
    return now >= idle_due_;
}

void Session::heartbeat_if_due(Clock::time_point now) {
    if (now < heartbeat_due_) return;
    // After a stall, one heartbeat makes up for all that were missed.
    while (heartbeat_due_ <= now)
        heartbeat_due_ += heartbeat_interval();
    // Behind one that the kernel has not taken yet, another would only add to the backlog.
    if (!control_pending()) heartbeat();
}

void Session::set_pong_due(Clock::time_point due) {
    pong_due_ = due;
    reschedule();
}

}  // namespace squall::reference
