// Messages out, answers in.
#include <algorithm>
#include <cerrno>

#include "suites/workload/marker.hpp"
#include "suites/workload/publishers.hpp"
#include "suites/workload/requests.hpp"
#include "suites/workload/socket.hpp"

namespace squall::workload {
namespace {

/// What a message may leave behind that the target has not read yet.
constexpr std::size_t unsent_bytes_max = 16 * 1024 * 1024;
/// TLS answers to what the target provokes; they cannot be left out.
constexpr std::size_t provoked_bytes_max = 1024 * 1024;

/// Frames whose acknowledgement is followed up before the kernel is asked how far it has got.
constexpr std::size_t unacknowledged_max = 1'024;
/// Composing and sending a message takes some tens of microseconds, and 1 ns a byte at most. Who needs longer has been
/// interrupted, and does not know when it was sent.
constexpr Nanos sending_max = 150'000;

}  // namespace

/// A publisher's WebSocket takes no messages, though a plain broadcast sends it its own: it answers what keeps the
/// connection alive, and notes what confirms it and the peer's close.
class Publishers::Sink final : public StreamSink {
public:
    Sink(const Dialogue& dialogue, std::string_view topic, Random& random)
        : dialogue_(dialogue), topic_(topic), random_(random) {}
    void on_beginning(std::string_view text) override {
        confirmed |= !dialogue_.confirm.empty() && text.starts_with(dialogue_.confirm);
        answers += reply_frame(dialogue_, text, topic_, random_);
    }
    void on_marker(const Marker&) override {}
    void on_foreign(std::uint32_t) override {}
    void on_ping(std::string_view payload) override {
        append_frame(answers, Opcode::pong, payload, static_cast<std::uint32_t>(random_.next()));
    }

    std::string answers;
    bool confirmed = false;

private:
    const Dialogue& dialogue_;
    std::string_view topic_;
    Random& random_;
};

/// `began`: since when the message's instant is known.
void Publishers::check_instant(std::uint32_t index, Nanos began) {
    const Outlet& outlet = *outlets_[index];
    const bool interrupted = common_.loop.now() - began > sending_max + static_cast<Nanos>(outlet.due.bytes);
    if (interrupted) common_.published[index].untime(outlet.sequence);
}

/// From when the latency of `outlet.due` counts: the instant it was scheduled, and what the rig alone was late by.
void Publishers::take_instant(Outlet& outlet, Nanos now) {
    const Nanos lag = outlet.rig_lag.sending(now, outlet.due.at, outlet.free_at);
    outlet.counts_from = outlet.due.at + lag;
    common_.recorder.record(publish_lag_, now, lag);
}

void Publishers::send_next(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    const Due due = outlet.backlog.front();
    outlet.backlog.pop_front();
    const std::uint64_t sequence = common_.published[index].send();
    outlet.due = due;
    outlet.sequence = sequence;
    const Nanos began = common_.loop.now();
    take_instant(outlet, began);
    std::string payload;
    append_payload(payload, common_.run, {index, sequence, outlet.counts_from}, due.bytes);
    if (outlet.over_http()) {
        send_over_http(index, payload);
    } else {
        send_over_websocket(index, payload, sequence);
    }
    check_instant(index, began);
}

void Publishers::send_over_http(std::uint32_t index, const std::string& payload) {
    Outlet& outlet = *outlets_[index];
    const std::string request = publish_request(common_.plan.wire, outlet.publisher.topic, payload);
    outlet.outstanding = true;
    outlet.head = {};
    outlet.body.reset();
    arm(index, deadline, common_.loop.now() + answer_deadline);
    write(index, request);
}

void Publishers::send_over_websocket(std::uint32_t index, const std::string& payload, std::uint64_t sequence) {
    Outlet& outlet = *outlets_[index];
    const std::string envelope = expand(common_.plan.wire.websocket_publish_frame, "{topic}", outlet.publisher.topic);
    std::string frame;
    append_frame(frame, Opcode::text, expand(envelope, "{payload}", payload),
                 static_cast<std::uint32_t>(common_.random.next()));
    frame = sealed(outlet, frame);
    if (outlet.unacknowledged.size() >= unacknowledged_max) forget_acknowledged(outlet);
    outlet.unacknowledged.push_back({sequence, outlet.written + frame.size()});
    outlet.half_written = sequence;
    if (!write_on_wire(index, frame) || !outlet.unsent.empty()) return;
    outlet.half_written.reset();
    outlet.free_at = common_.loop.now();
    accept(outlet, sequence, outlet.free_at);
}

void Publishers::accept(Outlet& outlet, std::uint64_t sequence, Nanos at) {
    const auto publisher = static_cast<std::size_t>(&outlet.publisher - common_.plan.publishers.data());
    common_.published[publisher].accept(sequence);
    common_.recorder.count(outlet.published, at);
    ++accepted_;
    outlet.answered = true;
}

void Publishers::reject(Outlet& outlet, const std::string& status, Nanos at, std::uint64_t messages) {
    const Labels labels{{"publisher", outlet.publisher.name}, {"status", status}};
    common_.recorder.count(common_.recorder.counter("messages.rejected", labels), at, messages);
}

void Publishers::forget_acknowledged(Outlet& outlet) {
    const std::uint64_t behind = unacknowledged_bytes(outlet.fd).value_or(outlet.written);
    while (!outlet.unacknowledged.empty() && outlet.unacknowledged.front().end + behind <= outlet.written) {
        outlet.unacknowledged.pop_front();
    }
    // A peer that acknowledges nothing: the oldest are given the benefit of the doubt.
    if (outlet.unacknowledged.size() >= unacknowledged_max) outlet.unacknowledged.pop_front();
}

/// The connection is lost: what the peer's kernel has not acknowledged cannot have reached the target.
void Publishers::withdraw_unacknowledged(Outlet& outlet) {
    if (outlet.unacknowledged.empty() || outlet.fd < 0) return;
    forget_acknowledged(outlet);
    const auto publisher = static_cast<std::size_t>(&outlet.publisher - common_.plan.publishers.data());
    for (const Outlet::Written& written : outlet.unacknowledged) {
        common_.published[publisher].withdraw(written.sequence);
    }
    if (outlet.unacknowledged.empty()) return;
    reject(outlet, "unanswered", common_.loop.now(), outlet.unacknowledged.size());
}

/// What TLS itself has to say after a read that came to `error`. False: the connection was lost over it.
bool Publishers::on_tls(std::uint32_t index, int error) {
    Outlet& outlet = *outlets_[index];
    if (const std::string records = outlet.tls->take_outgoing(); !records.empty()) {
        if (outlet.unsent.empty()) {
            if (!write_on_wire(index, records)) return false;
        } else {
            outlet.unsent += records;
            if (outlet.unsent.size() > unsent_bytes_max + provoked_bytes_max) {
                lost(index, "unanswered");
                return false;
            }
        }
    }
    if (error == EPROTO) {
        common_.rig_problem("publisher's TLS failed", outlet.publisher.name + ": " + outlet.tls->why());
        lost(index, outlet.state == Outlet::State::handshaking ? "refused" : "unanswered");
        return false;
    }
    const bool waits_for_tls = outlet.state == Outlet::State::handshaking && outlet.over_http();
    if (waits_for_tls && outlet.tls->state() == tls::Session::State::open) ready(index, common_.loop.turn());
    return outlet.fd >= 0;
}

void Publishers::on_readable(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    const Received received = common_.read(outlet.fd, outlet.tls.get(), common_.read_size_max());
    if (outlet.tls && !on_tls(index, received.error)) return;
    if (received.bytes < 0) {
        if (received.error != EAGAIN && received.error != EINTR) lost(index, "unanswered");
        return;
    }
    const Nanos at = common_.arrival(received.realtime).at;
    if (received.bytes == 0) {
        // Without a length the end of the connection is the end of the answer.
        if (outlet.outstanding && outlet.body && outlet.body->ends_with_connection()) on_answer(index, at);
        if (outlet.fd >= 0) lost(index, "unanswered");
        return;
    }
    const std::string_view bytes(common_.read_buffer.data(), static_cast<std::size_t>(received.bytes));
    if (outlet.over_http()) {
        on_response(index, bytes, at);
    } else {
        on_websocket(index, bytes, at);
    }
}

void Publishers::on_response(std::uint32_t index, std::string_view bytes, Nanos at) {
    Outlet& outlet = *outlets_[index];
    if (!outlet.outstanding) {  // an answer to nothing
        lost(index, "unanswered");
        return;
    }
    if (!outlet.body) {
        const HeadReader::State state = outlet.head.feed(bytes);
        if (state == HeadReader::State::broken) lost(index, "unanswered");
        if (state != HeadReader::State::done) return;
        outlet.body.emplace(outlet.head.head().framing, outlet.head.head().content_length);
    }
    std::string_view ignored;
    BodyReader::Step step = BodyReader::Step::data;
    while (step == BodyReader::Step::data)
        step = outlet.body->next(bytes, ignored);
    if (step == BodyReader::Step::broken) lost(index, "unanswered");
    if (step == BodyReader::Step::ended) on_answer(index, at);
}

void Publishers::on_answer(std::uint32_t index, Nanos at) {
    Outlet& outlet = *outlets_[index];
    const ResponseHead& head = outlet.head.head();
    outlet.outstanding = false;
    outlet.answered = true;
    outlet.free_at = at;
    ++outlet.deadline_timer;
    common_.recorder.record(outlet.latency, at, at - outlet.counts_from);
    if (head.status / 100 == 2) {
        accept(outlet, outlet.sequence, at);
    } else {
        common_.published[index].reject(outlet.sequence);
        reject(outlet, std::to_string(head.status), at);
    }
    if (outlet.closing) {
        close(index);
    } else if (!head.keep_alive || outlet.body->ends_with_connection()) {
        lost(index, "unanswered");  // nothing waits for an answer any more: it connects anew
    } else {
        pump(index);
    }
}

void Publishers::on_websocket(std::uint32_t index, std::string_view bytes, Nanos at) {
    Outlet& outlet = *outlets_[index];
    const Dialogue& dialogue = common_.plan.wire.websocket_publish;
    if (!outlet.stream) {
        const HeadReader::State state = outlet.head.feed(bytes);
        if (state == HeadReader::State::more) return;
        const bool right =
            state == HeadReader::State::done && outlet.head.head().status == 101 &&
            websocket_refusal(outlet.head.head(), outlet.accept, common_.plan.wire.websocket_subprotocol) == nullptr;
        if (!right) {
            const std::string& line = outlet.head.head().status_line;
            common_.rig_problem("publisher's WebSocket refused", outlet.publisher.name + ": " + line);
            lost(index, "refused");
            return;
        }
        outlet.stream.emplace(common_.run, Telling{.beginnings = dialogue.listens()});
        outlet.written = 0;
        if (!say(index, opening_frames(dialogue, outlet.publisher.topic, common_.random))) return;
        if (dialogue.confirm.empty()) ready(index, at);
        if (bytes.empty() || !outlet.stream) return;
    }
    Sink sink(dialogue, outlet.publisher.topic, common_.random);
    const Progress progress = outlet.stream->feed(bytes, sink);
    if (progress.state != Progress::State::open) {
        lost(index, "unanswered");
        return;
    }
    if (!say(index, sink.answers)) return;
    if (sink.confirmed && outlet.state == Outlet::State::handshaking) ready(index, at);
}

/// Whole frames: behind what the kernel has not taken yet, if there is such. False: the connection was lost over it.
bool Publishers::say(std::uint32_t index, const std::string& frames) {
    Outlet& outlet = *outlets_[index];
    if (frames.empty()) return true;
    if (outlet.unsent.empty()) return write(index, frames);
    // Who asks, and reads no answers, does not miss them.
    if (outlet.unsent.size() <= unsent_bytes_max) outlet.unsent += sealed(outlet, frames);
    return true;
}

}  // namespace squall::workload
