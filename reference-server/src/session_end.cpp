// How a session ends: who decides, what the peer is told, and when the socket goes.
#include "reference-server/src/ledger.hpp"
#include "reference-server/src/session.hpp"

namespace squall::reference {

void Session::end(Reason reason) {
    if (!open()) return;
    begin_farewell(reason);
    flush();
}

void Session::drain() {
    if (state_ != State::open) return;
    if (queue_.empty() && resume_next_ == 0) {
        end(Reason::drain);
        return;
    }
    state_ = State::draining;
    if (!blocked_) hub_.mark_dirty(*this);
}

void Session::abort(Reason reason) {
    if (state_ == State::closed) return;
    if (open()) reason_ = reason;
    leave_topic();
    finish(true);
}

// The peer has sent FIN. A stream cannot go on without its reader, so the client has left; a server cannot tell a half-
// closed connection from a closed one until it writes.
void Session::on_peer_ended() {
    if (open()) {
        reason_ = Reason::client_closed;
        leave_topic();
        discard_queue();
        close_due_ = Clock::now() + hub_.config.close_deadline;
        finish_sending();
    }
    wait_for_acknowledgement();
}

void Session::lost(int error) {
    if (open()) reason_ = reason_of_errno(error);
    leave_topic();
    finish(true);
}

void Session::leave_topic() {
    recover();
    resume_next_ = 0;
    if (!in_topic_) return;
    in_topic_ = false;
    Session* last = topic_.subscribers.back();
    topic_.subscribers[topic_index] = last;
    last->topic_index = topic_index;
    topic_.subscribers.pop_back();
}

void Session::begin_farewell(Reason reason) {
    const bool complete = resume_next_ == 0 && queue_.messages() == (queue_.front_in_flight() ? 1 : 0);
    state_ = State::farewell;
    reason_ = reason;
    leave_topic();
    discard_queue();
    heartbeat_due_ = pong_due_ = write_due_ = slow_due_ = idle_due_ = never;
    close_due_ = Clock::now() + hub_.config.close_deadline;
    control_ += farewell(reason, complete);
    reschedule();
}

void Session::farewell_written() {
    state_ = State::waiting_for_peer;
    if (fin_after_farewell()) finish_sending();
}

void Session::finish_sending() {
    socket_.shutdown_send();
}

// The peer will send nothing more. Closing now would leave what it has not acknowledged to the kernel, for as long as
// the kernel likes; so the socket stays until the peer's TCP has everything, or close_deadline has passed.
void Session::wait_for_acknowledgement() {
    state_ = State::waiting_for_ack;
    constexpr std::size_t fin = 1;
    if (socket_.take_error() != 0 || Clock::now() >= close_due_) {
        finish(true);
    } else if (socket_.unacknowledged_bytes() <= fin) {
        finish(false);
    } else {
        reschedule();
    }
}

void Session::finish(bool reset) {
    state_ = State::closed;
    while (const MessagePtr message = queue_.pop_back()) {
        ++undelivered_;
        ledger::undelivered(hub_.metrics, protocol_, *message);
    }
    disarm();
    if (reset)
        socket_.reset();
    else
        socket_.close();
    ledger::disconnected(hub_.metrics, protocol_, reason_);
    log_disconnect();
    hub_.sessions.retire(*this);
    hub_.touch();
}

void Session::log_disconnect() {
    const std::string peer = peer_.text();
    const std::chrono::duration<double> duration = Clock::now() - started_at_;
    hub_.log.write("disconnect", {{"connection", number_},
                                  {"peer", std::string_view(peer)},
                                  {"protocol", name(protocol_)},
                                  {"topic", std::string_view(topic_.name)},
                                  {"reason", name(reason_)},
                                  {"duration_seconds", duration.count()},
                                  {"delivered", delivered_},
                                  {"dropped", dropped_},
                                  {"undelivered", undelivered_}});
}

}  // namespace squall::reference
