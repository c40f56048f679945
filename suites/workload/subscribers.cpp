// Attempts: from connect() to the confirmed subscription, and from one attempt to the next.
#include "suites/workload/subscribers.hpp"
#include "faults/core/socket_address.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "suites/workload/requests.hpp"
#include "suites/workload/socket.hpp"

namespace squall::workload {
namespace {

constexpr std::uint32_t connects_a_turn_max = 64;

std::vector<const PublishedLog*> logs_of_topic(const std::vector<std::int16_t>& slots, const Common& common) {
    std::vector<const PublishedLog*> logs;
    for (std::size_t p = 0; p < slots.size(); ++p) {
        if (slots[p] >= 0) logs.push_back(&common.published[p]);
    }
    return logs;
}

std::vector<std::int16_t> slots_of_topic(const std::string& topic, const std::vector<Publisher>& publishers) {
    std::vector<std::int16_t> slots;
    std::int16_t next = 0;
    for (const Publisher& publisher : publishers) {
        slots.push_back(publisher.topic == topic ? next++ : static_cast<std::int16_t>(-1));
    }
    return slots;
}

/// Errors of connect() that are the rig's own: the target has not been asked.
bool is_of_the_rig(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EADDRNOTAVAIL ||
           error == EPERM || error == EACCES;
}

/// How a client names what ended its attempt. Unreachable is a timeout that a router has answered for.
std::string_view cause_of(int error) {
    switch (error) {
        case ECONNREFUSED:
            return "refused";
        case ECONNRESET:
        case EPIPE:
        case ECONNABORTED:
            return "reset";
        default:
            return "timeout";
    }
}

}  // namespace

Subscribers::CohortState::CohortState(const Cohort& the_cohort, std::uint32_t first_subscriber, Common& common)
    : cohort(the_cohort),
      first(first_subscriber),
      slots(slots_of_topic(the_cohort.topic, common.plan.publishers)),
      books(the_cohort.connections, logs_of_topic(slots, common)),
      labels{{"cohort", the_cohort.name}, {"protocol", std::string(to_string(the_cohort.protocol))}} {
    Recorder& recorder = common.recorder;
    for (std::size_t p = 0; p < slots.size(); ++p) {
        if (slots[p] < 0) continue;
        if (common.plan.observe) {
            published = recorder.counter("messages.published", {{"publisher", common.plan.publishers[p].name}});
        }
        Labels with_publisher = labels;
        with_publisher.emplace("publisher", common.plan.publishers[p].name);
        latency.push_back(recorder.distribution("delivery.latency", with_publisher));
        latency_at_most.push_back(recorder.distribution("delivery.latency_at_most", with_publisher));
    }
    connect_latency = recorder.distribution("connect.latency", labels);
    silence = recorder.distribution("silence", labels);
    connects = recorder.counter("connects", labels);
    delivered = recorder.counter("messages.delivered", labels);
    expected = recorder.counter("messages.expected", labels);
    duplicated = recorder.counter("messages.duplicated", labels);
    reordered = recorder.counter("messages.reordered", labels);
    misrouted = recorder.counter("messages.misrouted", labels);
    foreign = recorder.counter("messages.foreign", labels);
}

Subscribers::Subscribers(Common& common) : common_(common) {
    std::uint32_t first = 0;
    for (const Cohort& cohort : common_.plan.cohorts) {
        cohorts_.push_back(std::make_unique<CohortState>(cohort, first, common_));
        first += cohort.connections;
    }
    subscribers_.resize(first);
    unconfirmed_ = first;
    for (std::uint16_t c = 0; c < cohorts_.size(); ++c) {
        const auto begin = subscribers_.begin() + cohorts_[c]->first;
        std::for_each(begin, begin + cohorts_[c]->cohort.connections, [c](Subscriber& s) { s.cohort = c; });
    }
}

Subscribers::~Subscribers() {
    for (const Subscriber& s : subscribers_) {
        if (s.fd >= 0) ::close(s.fd);
    }
}

void Subscribers::connect_all() {
    load_ = true;
    std::uint32_t unconfirmed = 0;
    for (Subscriber& s : subscribers_) {
        if (s.state == Subscriber::State::gone) s.state = Subscriber::State::idle;
        s.confirmed = s.state == Subscriber::State::open;
        if (!s.confirmed) ++unconfirmed;
        s.failures = 0;
    }
    wanted_ = static_cast<std::uint32_t>(subscribers_.size());
    unconfirmed_ = unconfirmed;
    for (std::uint32_t c = 0; c < cohorts_.size(); ++c) {
        CohortState& state = *cohorts_[c];
        state.next = 0;
        state.ramp_start = common_.loop.now();
        common_.loop.at(state.ramp_start, {Token::Kind::cohort, c, ++state.ramp});
    }
}

void Subscribers::on_cohort_timer(Token token) {
    CohortState& state = *cohorts_[token.index];
    if (token.generation != state.ramp || !load_) return;
    const double rate = std::max(state.cohort.connect_rate, 0.001);
    const double due = to_seconds(common_.loop.now() - state.ramp_start) * rate + 1;
    for (std::uint32_t n = 0; n < connects_a_turn_max && state.next < state.cohort.connections && state.next < due;
         ++n) {
        const std::uint32_t index = state.first + state.next++;
        if (subscribers_[index].state == Subscriber::State::idle) begin(index);
    }
    if (state.next < state.cohort.connections) {
        common_.loop.at(state.ramp_start + from_seconds(state.next / rate), token);
    }
}

Token Subscribers::token_of(std::uint32_t index) const {
    return {Token::Kind::subscriber, index, subscribers_[index].generation};
}

void Subscribers::arm(std::uint32_t index, Nanos when) {
    common_.loop.at(when, {Token::Kind::subscriber, index, ++subscribers_[index].timer});
}

void Subscribers::begin(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    ++s.generation;
    s.lost = false;
    s.paused = false;
    s.in_batches = false;
    s.pongs_withheld = false;
    s.send_error = 0;
    s.began = common_.loop.now();
    const Result<int> fd = begin_connect(common_.plan.wire.subscribe, state_of(s).cohort.receive_buffer_bytes);
    if (fd.has_error()) {
        attempt_failed(index, fd.error().system_error, fd.error().message);
        return;
    }
    s.fd = *fd;
    s.state = Subscriber::State::connecting;
    if (const Status watched = common_.loop.watch(s.fd, EPOLLOUT, token_of(index)); watched.has_error()) {
        attempt_failed(index, ENOMEM, watched.error().message);
        return;
    }
    arm(index, s.began + handshake_deadline);
}

void Subscribers::on_connected(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    if (const int error = pending_error(s.fd)) {
        attempt_failed(index, error,
                       "connect to " + to_string(common_.plan.wire.subscribe) + ": " + std::strerror(error));
        return;
    }
    const Cohort& cohort = state_of(s).cohort;
    s.local = local_end(s.fd);
    s.state = Subscriber::State::handshaking;
    s.handshake = std::make_unique<Subscriber::Handshake>();
    if (common_.plan.wire.tls) s.tls = std::make_unique<tls::Session>(*common_.plan.wire.tls);
    if (ever_.size() < ever_max) {
        s.handshake->ever = ever_.size();
        ever_.push_back({{index, s.generation}, s.local, s.cohort, false, s.began});
    }
    std::string request;
    if (cohort.protocol == Protocol::sse) {
        const bool resume = cohort.last_event_id && !s.last_event_id.empty();
        s.handshake->resumed = resume;
        request = sse_request(common_.plan.wire, cohort, resume ? s.last_event_id : std::string());
    } else {
        WebSocketRequest asked = websocket_request(common_.plan.wire, common_.plan.wire.websocket_path, cohort.topic,
                                                   s.last_event_id, common_.random);
        s.handshake->accept = std::move(asked.accept);
        request = std::move(asked.text);
    }
    send(index, request);  // behind TLS's own handshake, if there is one
    watch_again(index);
}

void Subscribers::on_handshake(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    // Slow readers read little more than the response's head, lest they swallow what they are to be slow about.
    const bool slow = state_of(s).cohort.reading.mode != Reading::Mode::prompt;
    const std::size_t size = slow ? 256 : common_.read_size_max();
    const Received received = common_.read(s.fd, s.tls.get(), size);
    const bool before_tls = s.tls && s.tls->state() == tls::Session::State::handshaking;
    if (s.tls) send_records(index);
    if (received.bytes == 0 && s.send_error == 0) {
        const bool answered = s.stream.index() != 0;
        attempt_failed(index, "eof_cut",
                       before_tls ? "connection ended during the TLS handshake"
                       : answered ? "connection ended before what confirms the subscription"
                                  : "connection ended before the response was complete");
    } else if (received.bytes < 0 && received.error == EPROTO && s.tls) {
        attempt_failed(index, "protocol_error", "TLS: " + s.tls->why());
    } else if (received.bytes <= 0) {
        const int error = received.bytes == 0 ? s.send_error : received.error;
        if (error != EAGAIN && error != EINTR) {
            attempt_failed(index, error, std::string("wait for the response: ") + std::strerror(error));
        }
    } else {
        std::string_view bytes(common_.read_buffer.data(), static_cast<std::size_t>(received.bytes));
        if (s.stream.index() != 0) {
            feed(index, bytes, common_.arrival(received.realtime));
            return;
        }
        const HeadReader::State state = s.handshake->head.feed(bytes);
        if (state == HeadReader::State::broken) {
            attempt_failed(index, "protocol_error", s.handshake->head.why());
        } else if (state == HeadReader::State::done) {
            on_head(index, bytes, common_.arrival(received.realtime));
        }
    }
}

void Subscribers::on_head(std::uint32_t index, std::string_view rest, Common::Instant arrival) {
    Subscriber& s = subscribers_[index];
    const ResponseHead& head = s.handshake->head.head();
    const Cohort& cohort = state_of(s).cohort;
    const bool sse = cohort.protocol == Protocol::sse;
    if (head.status != (sse ? 200 : 101)) {
        attempt_failed(index, "http_" + std::to_string(head.status), head.status_line);
        return;
    }
    const char* refusal = sse ? sse_refusal(head, cohort.accept_gzip)
                              : websocket_refusal(head, s.handshake->accept, common_.plan.wire.websocket_subprotocol);
    if (refusal != nullptr) {
        attempt_failed(index, "protocol_error", head.status_line + ": " + refusal);
        return;
    }
    if (sse) {
        s.stream.emplace<SseStream>(head, common_.run, Telling{!awaited_of(cohort).empty(), common_.plan.observe});
    } else {
        const Dialogue& dialogue = common_.plan.wire.websocket;
        s.stream.emplace<WebSocketStream>(common_.run, Telling{dialogue.listens(), common_.plan.observe});
        const std::string opening = opening_frames(dialogue, cohort.topic, common_.random);
        if (!opening.empty()) send(index, opening);
    }
    if (awaited_of(cohort).empty()) confirm(index, arrival);
    if (!rest.empty()) feed(index, rest, arrival);
}

/// How what confirms a subscription begins; empty: the response's head has done it.
const std::string& Subscribers::awaited_of(const Cohort& cohort) const {
    const Wire& wire = common_.plan.wire;
    return cohort.protocol == Protocol::sse ? wire.sse_confirm : wire.websocket.confirm;
}

void Subscribers::confirm(std::uint32_t index, Common::Instant arrival) {
    Subscriber& s = subscribers_[index];
    CohortState& state = state_of(s);
    s.state = Subscriber::State::open;
    ++s.timer;  // the deadline no longer counts
    s.failures = 0;
    s.last_byte = arrival.at;
    ++state.open;
    s.arrived = s.repeated = 0;
    state.books.open(index - state.first, s.generation, s.handshake->resumed, arrival.at);
    if (s.handshake->ever) {
        ever_[*s.handshake->ever].confirmed = true;
    } else {
        common_.rig_problem("connection table full", "connections past the 2,000,000th cannot be told apart");
    }
    s.handshake.reset();
    common_.recorder.count(state.connects, arrival.at);
    common_.recorder.record(state.connect_latency, arrival.at, arrival.at - s.began);
    if (!s.confirmed) {
        s.confirmed = true;
        --unconfirmed_;
    }
    start_reading(index, state.cohort.reading);
}

void Subscribers::attempt_failed(std::uint32_t index, int error, const std::string& detail) {
    if (!is_of_the_rig(error)) {
        attempt_failed(index, cause_of(error), detail);
        return;
    }
    common_.rig_problem("cannot connect", detail);
    attempt_failed(index, std::string_view{}, detail);
}

/// `cause` empty: the rig's own failure, which is not counted as the target's.
void Subscribers::attempt_failed(std::uint32_t index, std::string_view cause, const std::string& detail) {
    Subscriber& s = subscribers_[index];
    CohortState& state = state_of(s);
    if (!cause.empty()) {
        Labels labels = state.labels;
        labels.emplace("cause", cause);
        const Recorder::Id counter = common_.recorder.counter("handshake.failures", labels);
        common_.recorder.count(counter, common_.loop.turn());
    }
    {
        const std::lock_guard lock(failure_mutex_);
        if (first_failure_.empty()) first_failure_ = "cohort " + state.cohort.name + ": " + detail;
    }
    if (s.fd >= 0) part(index, Parting::close_now);
    retry_later(index);
}

void Subscribers::retry_later(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    const Reconnect& reconnect = state_of(s).cohort.reconnect;
    s.state = Subscriber::State::idle;
    if (!load_ || reconnect.policy == Reconnect::Policy::none) return;
    double delay = static_cast<double>(reconnect.delay);
    if (reconnect.policy == Reconnect::Policy::exponential) {
        const double grown = std::ldexp(delay, std::min<int>(s.failures, 60));
        delay = std::min(grown, static_cast<double>(std::max(reconnect.delay_max, reconnect.delay)));
    } else if (reconnect.policy == Reconnect::Policy::server && s.retry_known) {
        delay = s.retry_ms * 1e6;
    }
    delay -= delay * std::clamp(reconnect.jitter, 0.0, 1.0) * common_.random.uniform();
    s.failures = static_cast<std::uint8_t>(std::min(s.failures + 1, 255));
    s.state = Subscriber::State::waiting;
    arm(index, common_.loop.now() + static_cast<Nanos>(delay));
}

void Subscribers::on_timer(Token token) {
    Subscriber& s = subscribers_[token.index];
    if (token.generation != s.timer) return;
    switch (s.state) {
        case Subscriber::State::waiting:
            begin(token.index);
            break;
        case Subscriber::State::connecting:
        case Subscriber::State::handshaking:
            attempt_failed(token.index, "timeout",
                           s.stream.index() != 0 ? "nothing that confirms the subscription within 10s"
                                                 : "no complete answer within 10s");
            break;
        case Subscriber::State::open:
            on_reading_timer(token.index);
            break;
        case Subscriber::State::idle:
        case Subscriber::State::gone:
            break;
    }
}

void Subscribers::on_ready(Token token, std::uint32_t events) {
    Subscriber& s = subscribers_[token.index];
    if (s.generation != token.generation || s.fd < 0) return;
    switch (s.state) {
        case Subscriber::State::connecting:
            on_connected(token.index);
            break;
        case Subscriber::State::handshaking:
            if ((events & EPOLLOUT) != 0) flush(token.index);
            if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) on_handshake(token.index);
            break;
        default:
            on_open(token.index, events);
    }
}

std::string Subscribers::first_failure() const {
    const std::lock_guard lock(failure_mutex_);
    return first_failure_;
}

}  // namespace squall::workload
