// How a session writes: queued messages, several to a system call, and no call while the kernel is known to be full.
#include <algorithm>

#include "reference-server/src/session.hpp"

namespace squall::reference {
namespace {

iovec part(std::string_view bytes) {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

void Session::flush() {
    while (state_ != State::closed) {
        refill();
        std::array<iovec, 64> parts;
        std::size_t bytes = 0;
        const std::size_t count = gather(parts, bytes);
        if (count == 0) {
            on_unblocked();
            return;
        }
        const IoResult result = socket_.send({parts.data(), count});
        if (result.would_block()) {
            on_blocked();
            return;
        }
        if (result.error != 0) {
            lost(result.error);
            return;
        }
        const Clock::time_point now = Clock::now();
        account(result.bytes, now);
        if (blocked_) write_due_ = now + hub_.config.write_deadline;
        if (result.bytes < bytes) {
            on_blocked();
            return;
        }
    }
}

// In the order that account() takes them off again: the rest of a message in flight, control bytes, messages.
std::size_t Session::gather(std::array<iovec, 64>& parts, std::size_t& bytes) const {
    std::size_t count = 0;
    const auto add = [&](std::string_view text) {
        parts[count++] = part(text);
        bytes += text.size();
    };
    std::size_t next = 0;
    if (queue_.front_in_flight()) {
        add(queue_.at(0)->encoded(protocol_).substr(queue_.front_written()));
        next = 1;
    }
    if (!control_.empty()) add(std::string_view(control_).substr(control_written_));
    for (; next < queue_.messages() && count < parts.size(); ++next)
        add(queue_.at(next)->encoded(protocol_));
    return count;
}

void Session::account(std::size_t bytes, Clock::time_point now) {
    if (queue_.front_in_flight()) take_from_front(bytes, now);
    take_from_control(bytes);
    while (bytes != 0)
        take_from_front(bytes, now);
}

void Session::take_from_front(std::size_t& bytes, Clock::time_point now) {
    const std::size_t left = queue_.at(0)->encoded(protocol_).size() - queue_.front_written();
    if (bytes < left) {
        queue_.advance_front(bytes);
        bytes = 0;
        return;
    }
    bytes -= left;
    deliver_front(now);
}

void Session::take_from_control(std::size_t& bytes) {
    const std::size_t taken = std::min(bytes, control_.size() - control_written_);
    control_written_ += taken;
    bytes -= taken;
    if (control_written_ == control_.size() && !control_.empty()) {
        control_ = {};  // gives the memory back: most connections have nothing to say for minutes
        control_written_ = 0;
    }
}

void Session::on_blocked() {
    if (!blocked_) {
        blocked_ = true;
        write_due_ = Clock::now() + hub_.config.write_deadline;
        reschedule();
    }
    socket_.wait_writable();
}

void Session::on_unblocked() {
    blocked_ = false;
    write_due_ = never;
    if (reading_paused_) {
        reading_paused_ = false;
        socket_.wait_readable();
    }
    on_flushed();
    if (state_ == State::draining && resume_next_ == 0) {
        begin_farewell(Reason::drain);
        flush();
    } else if (state_ == State::farewell) {
        farewell_written();
    }
}

}  // namespace squall::reference
