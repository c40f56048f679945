// An open subscription: reading in the way it was told to, and answering.
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <optional>
#include <utility>

#include "suites/workload/requests.hpp"
#include "suites/workload/socket.hpp"
#include "suites/workload/subscribers.hpp"

namespace squall::workload {
namespace {

/// A limited reader reads so often, as long as a piece is a byte.
constexpr double pieces_per_second = 20;
/// Pongs to a peer that does not read: past it they are dropped, as it would not miss them.
constexpr std::size_t unsent_bytes_max = 64 * 1024;
constexpr int reads_a_turn_max = 16;

struct Piece {
    std::size_t bytes;
    Nanos every;
};
Piece piece_of(const Reading& reading) {
    const double bytes = std::max(reading.bytes_per_second / pieces_per_second, 1.0);
    return {static_cast<std::size_t>(bytes), from_seconds(std::floor(bytes) / reading.bytes_per_second)};
}

}  // namespace

class Subscribers::Sink final : public StreamSink {
public:
    Sink(Subscribers& all, std::uint32_t index, Common::Instant arrival)
        : all_(all),
          index_(index),
          s_(all.subscribers_[index]),
          state_(all.state_of(s_)),
          arrival_(arrival),
          last_only_(all.common_.loop.held_up()) {}

    void on_marker(const Marker& marker) override {
        Recorder& recorder = all_.common_.recorder;
        const std::int16_t slot = marker.publisher < state_.slots.size() ? state_.slots[marker.publisher] : -1;
        if (slot < 0) {  // of another topic: the target has mixed them up
            recorder.count(state_.misrouted, arrival_.at);
            return;
        }
        const auto place = static_cast<std::size_t>(slot);
        switch (state_.books.arrive(index_ - state_.first, place, marker.sequence, s_.generation, arrival_.at)) {
            case Arrival::unknown:
                recorder.count(state_.foreign, arrival_.at);
                return;
            case Arrival::duplicate:
                ++s_.arrived;
                ++s_.repeated;
                recorder.count(state_.duplicated, arrival_.at);
                return;
            case Arrival::reordered:
                recorder.count(state_.reordered, arrival_.at);
                break;
            case Arrival::fresh:
                break;
        }
        ++s_.arrived;
        ++all_.delivered_;
        recorder.count(state_.delivered, arrival_.at);
        recorder.count(state_.expected, arrival_.at);
        const Timed timed{place, arrival_.at - marker.scheduled};
        record(timed);
        if (!arrival_.timed || all_.common_.published[marker.publisher].untimed(marker.sequence)) {
            record_at_most(timed);
        } else if (last_only_) {
            if (const auto earlier = std::exchange(waiting_, timed)) record_at_most(*earlier);
        }
    }
    void on_foreign(std::uint32_t markers) override {
        all_.common_.recorder.count(state_.foreign, arrival_.at, markers);
    }
    void on_beginning(std::string_view text) override {
        const bool confirmed = s_.state == Subscriber::State::open;
        dialogue_ = !confirmed && !text.starts_with(':');  // a comment is no event
        if (!confirmed && text.starts_with(all_.awaited_of(state_.cohort))) {
            if (auto* sse = std::get_if<SseStream>(&s_.stream)) sse->no_more_beginnings();
            all_.confirm(index_, arrival_);
        }
        if (state_.cohort.protocol == Protocol::sse) return;
        const std::string reply =
            reply_frame(all_.common_.plan.wire.websocket, text, state_.cohort.topic, all_.common_.random);
        if (reply.empty()) return;
        dialogue_ = true;
        // Until it is confirmed it is the handshake that is answered; from then on, a ping by another name.
        if (confirmed && s_.pongs_withheld) {
            ++all_.outcome_of(index_)->pings_unanswered;
        } else if (!confirmed || state_.cohort.pongs) {
            all_.send(index_, reply);
        }
    }
    void on_content(std::uint64_t hash) override {
        if (std::exchange(dialogue_, false)) return;
        const auto slot = std::find_if(state_.slots.begin(), state_.slots.end(), [](auto place) { return place >= 0; });
        if (slot == state_.slots.end()) return;
        const auto publisher = static_cast<std::uint32_t>(slot - state_.slots.begin());
        const std::uint32_t subscriber = index_ - state_.first;
        Observed& observed = all_.common_.observed;
        bool first = false;
        const Marker* message = observed.find(publisher, hash, arrival_.at, false, first);
        if (message != nullptr && state_.books.has(subscriber, static_cast<std::size_t>(*slot), message->sequence)) {
            message = observed.find(publisher, hash, arrival_.at, true, first);
        }
        if (message == nullptr) {
            all_.common_.rig_problem("too many messages", "messages past the 1,000,000th of a topic are not looked at");
            return;
        }
        if (first) all_.common_.recorder.count(state_.published, arrival_.at);
        on_marker(*message);
    }
    void on_event_id(std::string_view id) override {
        if (state_.cohort.last_event_id) s_.last_event_id = id;
    }
    void on_retry(std::uint32_t ms) override {
        s_.retry_ms = ms;
        s_.retry_known = true;
    }
    void on_said(std::string_view reason) override { s_.said = std::make_unique<std::string>(reason); }
    void on_ping(std::string_view payload) override {
        if (s_.pongs_withheld) {
            ++all_.outcome_of(index_)->pings_unanswered;
        } else if (state_.cohort.pongs) {
            all_.send_frame(index_, Opcode::pong, payload);
        }
    }
    void on_close(std::uint16_t code, std::string_view reason) override {
        close_code = code;
        if (!reason.empty()) s_.said = std::make_unique<std::string>(reason);
    }

    std::uint16_t close_code = 0;

private:
    struct Timed {
        std::size_t place;
        Nanos latency;
    };
    void record(const Timed& timed) {
        all_.common_.recorder.record(state_.latency[timed.place], arrival_.at, timed.latency);
        all_.common_.recorder.delivered(timed.latency);
    }

    /// It was sent later than the marker says, or has come before it was seen.
    void record_at_most(const Timed& timed) {
        all_.common_.recorder.record(state_.latency_at_most[timed.place], arrival_.at, timed.latency);
    }

    Subscribers& all_;
    std::uint32_t index_;
    Subscriber& s_;
    CohortState& state_;
    Common::Instant arrival_;
    bool dialogue_ = false;         // what has begun is no message, but part of the dialogue
    const bool last_only_;          // the read's last message is the only one whose arrival is known
    std::optional<Timed> waiting_;  // the last one so far
};

void Subscribers::on_open(std::uint32_t index, std::uint32_t events) {
    Subscriber& s = subscribers_[index];
    if ((events & EPOLLOUT) != 0) flush(index);
    if (!s.paused) {
        if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read_all(index, events);
        return;
    }
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        const int error = pending_error(s.fd);
        ended_by_error(index, error != 0 ? error : s.send_error != 0 ? s.send_error : ECONNRESET);
    } else if ((events & EPOLLRDHUP) != 0) {
        if (unread_bytes(s.fd) == 0) {
            read(index, 1);
        } else if (const Status status = common_.loop.rewatch(s.fd, 0, token_of(index), Queue::batches);
                   status.has_error()) {
            common_.rig_problem("cannot pause a reader", status.error().message);
        }
        // Otherwise the FIN stands behind bytes that this reader has not read: it has not seen an end yet. Resets are
        // still reported: the kernel always does.
    }
}

/// What an edge-triggered event stands for: all there is, up to a bound that keeps one firehose from starving the rest.
void Subscribers::read_all(std::uint32_t index, std::uint32_t events) {
    const std::uint32_t generation = subscribers_[index].generation;
    const bool end_behind = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    bool more = true;
    for (int reads = 0; more && reads < reads_a_turn_max; ++reads) {
        const std::size_t taken = read(index, common_.read_size_max());
        const Subscriber& s = subscribers_[index];
        if (s.generation != generation || s.state != Subscriber::State::open || s.paused) return;
        const bool over = s.tls && s.tls->state() != tls::Session::State::open;  // by what has just been read
        if (taken == 0 && !over) return;
        more = over || end_behind || taken == common_.read_size_max();
    }
    if (more) watch_again(index);  // asks for the edge anew
}

/// How much the kernel returned. The connection may have ended by it.
std::size_t Subscribers::read(std::uint32_t index, std::size_t size_max) {
    Subscriber& s = subscribers_[index];
    const Received received = common_.read(s.fd, s.tls.get(), size_max);
    if (s.tls) send_records(index);
    if (received.bytes > 0) {
        const Common::Instant arrival = common_.arrival(received.realtime);
        // Of a reader that is not prompt, the gaps would be its own.
        if (!s.slow && !s.lost) common_.recorder.record(state_of(s).silence, arrival.at, arrival.at - s.last_byte);
        s.last_byte = arrival.at;
        feed(index, {common_.read_buffer.data(), static_cast<std::size_t>(received.bytes)}, arrival);
    } else if (received.bytes < 0) {
        if (received.error == EPROTO && s.tls) {
            ended(index, "protocol_error", ("TLS: " + s.tls->why()).c_str(), Parting::close_now);
        } else if (received.error != EAGAIN && received.error != EINTR) {
            ended_by_error(index, received.error);
        }
    } else if (s.send_error != 0) {
        ended_by_error(index, s.send_error);  // the kernel reports a reset once, and a send has had it
    } else {
        const auto* sse = std::get_if<SseStream>(&s.stream);
        const bool announced = s.tls && s.tls->state() == tls::Session::State::ended;
        const char* how = !s.tls ? nullptr : announced ? "TLS: close_notify" : "TLS: cut off without close_notify";
        ended(index, sse != nullptr && sse->ended_properly() ? "eof_clean" : "eof_cut", how, Parting::close_now);
    }
    return received.taken;
}

void Subscribers::feed(std::uint32_t index, std::string_view bytes, Common::Instant arrival) {
    Subscriber& s = subscribers_[index];
    Sink sink(*this, index, arrival);
    auto* sse = std::get_if<SseStream>(&s.stream);
    const Progress progress =
        sse != nullptr ? sse->feed(bytes, sink) : std::get<WebSocketStream>(s.stream).feed(bytes, sink);
    if (s.state == Subscriber::State::handshaking && progress.state != Progress::State::open) {
        const bool broken = progress.state == Progress::State::broken;
        const std::string seen = broken           ? "protocol_error"
                                 : sse != nullptr ? "eof_clean"
                                                  : "close_" + std::to_string(sink.close_code);
        attempt_failed(index, seen, broken ? progress.why : "ended before what confirms the subscription: " + seen);
        return;
    }
    switch (progress.state) {
        case Progress::State::open:
            break;
        case Progress::State::ended:
            if (sse != nullptr) {
                ended(index, "eof_clean", nullptr, Parting::close_now);
            } else {
                const std::uint16_t code = sink.close_code;
                send_frame(index, Opcode::close, code == 1005 ? std::string() : close_payload(code, {}));
                say_tls_is_over(index);
                ended(index, "close_" + std::to_string(code), nullptr, Parting::linger);
            }
            break;
        case Progress::State::broken:
            if (sse == nullptr) send_frame(index, Opcode::close, close_payload(1002, progress.why));
            ended(index, "protocol_error", progress.why, Parting::close_now);
            break;
    }
}

void Subscribers::send_frame(std::uint32_t index, Opcode opcode, std::string_view payload) {
    std::string frame;
    append_frame(frame, opcode, payload, static_cast<std::uint32_t>(common_.random.next()));
    send(index, frame);
}

bool Subscribers::send(std::uint32_t index, std::string_view bytes) {
    Subscriber& s = subscribers_[index];
    if (s.unsent && s.unsent->size() + bytes.size() > unsent_bytes_max) return false;
    if (!s.tls) return send_on_wire(index, bytes);
    s.tls->write(bytes);
    return send_records(index);
}

/// What TLS has to say: what was written to it, and what it answers by itself.
bool Subscribers::send_records(std::uint32_t index) {
    const Subscriber& s = subscribers_[index];
    const std::string records = s.tls->take_outgoing();
    // A peer can provoke answers that it does not read. What send() lets through stays below this.
    if (s.unsent && s.unsent->size() > 2 * unsent_bytes_max) return false;
    return records.empty() || send_on_wire(index, records);
}

bool Subscribers::send_on_wire(std::uint32_t index, std::string_view bytes) {
    Subscriber& s = subscribers_[index];
    if (s.unsent) {
        s.unsent->append(bytes);
        return false;
    }
    const std::ptrdiff_t sent = send_some(s.fd, bytes);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        // The end is recorded when reading gets to it: what came before it still counts.
        s.send_error = errno == EPIPE ? 0 : static_cast<std::uint8_t>(errno);
        return false;
    }
    const std::size_t done = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (done == bytes.size()) return true;
    s.unsent = std::make_unique<std::string>(bytes.substr(done));
    watch_again(index);
    return false;
}

void Subscribers::flush(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    if (!s.unsent) return;
    const std::unique_ptr<std::string> bytes = std::move(s.unsent);
    if (send_on_wire(index, *bytes)) {
        if (Outcome* outcome = outcome_of(index)) outcome->sent = true;
    }
    if (!s.unsent) watch_again(index);
}

void Subscribers::watch_again(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    const bool open = s.state == Subscriber::State::open;
    // Edge-triggered while a subscription is read from: the kernel then looks at a ready socket once, not twice.
    const std::uint32_t in = s.paused ? EPOLLRDHUP : open ? EPOLLIN | EPOLLRDHUP | EPOLLET : EPOLLIN;
    const std::uint32_t events = in | (s.unsent ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
    Loop& loop = common_.loop;
    const Status status = !open          ? loop.rewatch(s.fd, events, token_of(index))
                          : s.in_batches ? loop.rewatch(s.fd, events, token_of(index), Queue::batches)
                                         : loop.move(s.fd, events, token_of(index), Queue::batches);
    s.in_batches = open;
    if (status.has_error()) {
        common_.rig_problem("cannot watch a subscriber", status.error().message);
    }
}

void Subscribers::start_reading(std::uint32_t index, const Reading& reading) {
    Subscriber& s = subscribers_[index];
    ++s.timer;
    // What the kernel held back meanwhile was no silence of the target's.
    if (s.slow) s.last_byte = common_.loop.now();
    s.slow.reset();
    if (reading.mode != Reading::Mode::prompt)
        s.slow = std::make_unique<Subscriber::Slow>(Subscriber::Slow{reading, true});
    switch (reading.mode) {
        case Reading::Mode::prompt:
            pause(index, false);
            break;
        case Reading::Mode::stopped:
            pause(index, true);
            break;
        case Reading::Mode::limited:
            pause(index, true);
            if (reading.bytes_per_second > 0) arm(index, common_.loop.now() + piece_of(reading).every);
            break;
        case Reading::Mode::stop_and_go:
            pause(index, false);
            arm(index, common_.loop.now() + reading.go);
            break;
    }
}

void Subscribers::on_reading_timer(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    if (!s.slow) return;
    const Reading& reading = s.slow->reading;
    if (reading.mode == Reading::Mode::limited) {
        const Piece piece = piece_of(reading);
        const std::uint32_t generation = s.generation;
        arm(index, common_.loop.now() + piece.every);
        // Bounded by the shared buffer: more than 5 MiB/s is not a slow reader.
        read(index, std::min(piece.bytes, common_.read_buffer.size()));
        if (s.generation != generation || s.state != Subscriber::State::open) return;
    } else if (reading.mode == Reading::Mode::stop_and_go) {
        s.slow->going = !s.slow->going;
        pause(index, !s.slow->going);
        // An interval of nothing would keep the loop from everything else.
        arm(index, common_.loop.now() + std::max<Nanos>(s.slow->going ? reading.go : reading.stop, 1'000'000));
    }
}

void Subscribers::pause(std::uint32_t index, bool paused) {
    subscribers_[index].paused = paused;
    watch_again(index);
}

}  // namespace squall::workload
