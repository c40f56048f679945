// A session's beginning, and what it reads.
#include "reference-server/src/session.hpp"

#include "reference-server/src/ledger.hpp"

namespace squall::reference {
namespace {

// A peer that sends what has to be answered, and does not read the answers, is read no further.
constexpr std::size_t control_bytes_max = 64 * 1024;

}  // namespace

Session::Session(Hub& hub, Protocol protocol, Origin origin)
    : hub_(hub),
      topic_(origin.topic),
      socket_(std::move(origin.socket)),
      queue_(protocol),
      started_at_(Clock::now()),
      last_received_(started_at_),
      number_(hub.next_connection_number()),
      peer_(origin.peer),
      protocol_(protocol),
      subscribes_(origin.subscribes) {
    socket_.set_events(this);
    ledger::connected(hub_.metrics, protocol_);
}

void Session::start(std::string_view head, std::optional<std::uint64_t> resume_after, std::string_view received) {
    log_connect();
    if (subscribes_) {
        topic_index = topic_.subscribers.size();
        topic_.subscribers.push_back(this);
        in_topic_ = true;
        // An id that this topic has not reached is from before a restart: then everything kept is news.
        if (resume_after) resume_next_ = *resume_after > topic_.last_id ? 1 : *resume_after + 1;
    }
    start_deadlines(started_at_);
    send_control(head);
    if (!received.empty()) consume(received);
    flush();
    if (state_ != State::closed) socket_.wait_readable();
}

void Session::send_control(std::string_view bytes) {
    control_ += bytes;
    if (!blocked_) hub_.mark_dirty(*this);
}

void Session::on_readable() {
    if (state_ == State::closed || state_ == State::waiting_for_ack) return;
    if (control_.size() - control_written_ > control_bytes_max) {
        reading_paused_ = true;
        return;
    }
    receive_once();
    if (state_ != State::closed && state_ != State::waiting_for_ack) socket_.wait_readable();
}

bool Session::receive_once() {
    const IoResult result = socket_.receive(hub_.read_buffer);
    if (result.would_block()) return false;
    if (result.error != 0) {
        lost(result.error);
    } else if (result.bytes == 0) {
        on_peer_ended();
    } else {
        last_received_ = Clock::now();
        consume({hub_.read_buffer.data(), result.bytes});
    }
    return true;
}

void Session::on_writable() {
    if (state_ != State::closed) flush();
    hub_.touch();
}

void Session::log_connect() {
    const std::string peer = peer_.text();
    hub_.log.write("connect", {{"connection", number_},
                               {"peer", std::string_view(peer)},
                               {"protocol", name(protocol_)},
                               {"topic", std::string_view(topic_.name)}});
    hub_.touch();
}

}  // namespace squall::reference
