#include "suites/cli/init_subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "faults/core/clock.hpp"

namespace squall::cli {
namespace {

using workload::BodyReader;
using workload::HeadReader;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\r'));
}

/// A server's frame at the front of `bytes`: its length with its header, and where its payload begins. {0, 0}: it is
/// not there yet.
std::pair<std::size_t, std::size_t> frame_in(std::string_view bytes) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    if (bytes.size() < 2) return {};
    std::uint64_t length = byte(1) & 0x7F;
    const std::size_t more = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (bytes.size() < 2 + more) return {};
    if (more > 0) length = 0;
    for (std::size_t i = 0; i < more; ++i)
        length = length << 8 | byte(2 + i);
    const std::size_t begin = 2 + more;
    if (length > bytes.size() - begin) return {};
    return {begin + static_cast<std::size_t>(length), begin};
}

/// Of an answer that is not wanted the body may say why; it is waited for a moment.
void read_explanation(ProbeConnection& connection, Response& response) {
    BodyReader body(response.head.framing, response.head.content_length);
    std::string bytes = response.rest;
    const Nanos until = monotonic_now() + nanos_per_second;
    while (response.bytes.size() < HeadReader::head_bytes_max) {
        std::string_view wire = bytes, data;
        BodyReader::Step step = BodyReader::Step::data;
        while (step == BodyReader::Step::data)
            step = body.next(wire, data);
        if (step != BodyReader::Step::more) return;
        const auto more = connection.receive(until);
        if (!more || more->empty()) return;
        bytes = *more;
        response.bytes += bytes;
    }
}

}  // namespace

Failure failed_to(const std::string& what, const Error& error, const std::string& bytes) {
    std::string advice;
    if (error.system_error == ECONNREFUSED)
        advice = "nothing listens there: is the server running, and is the port right?";
    if (error.system_error == ETIMEDOUT) advice = "is it the right address? does something on the way drop packets?";
    if (error.system_error == EPROTO) advice = "--ca FILE names whom to trust, --insecure trusts anybody";
    return {what + (what.empty() ? "" : ": ") + error.message, bytes, advice};
}

std::string advice_on(int status, bool publishing) {
    switch (status) {
        case 301:
        case 302:
        case 307:
        case 308:
            return "it redirects: give the URL that Location names";
        case 401:
        case 403:
            return "it wants to know who asks: --header 'Authorization: …'";
        case 404:
            return "is the path right? where the topic belongs into the URL, write {topic} there";
        case 405:
            return publishing ? "another method, such as PUT?" : "it does not take GET here: is the path right?";
        case 400:
        case 415:
        case 422:
            if (!publishing) return "it does not like the request: does it need a parameter, or a header (--header)?";
            return "it does not like the body: --body '{\"…\": \"{payload}\"}', --header 'Content-Type: …'";
        case 426:
            return "only WebSocket here: --websocket instead of --sse";
        default:
            return status >= 500 ? "what does the server's own log say?" : "";
    }
}

std::variant<Response, Failure> ask(ProbeConnection& connection, const std::string& request, Nanos until) {
    if (Status sent = connection.send(request, until); !sent) return failed_to("", sent.error());
    Response response;
    HeadReader head;
    for (;;) {
        const auto bytes = connection.receive(until);
        if (!bytes) {
            Failure failure = failed_to("wait for the response", bytes.error(), response.bytes);
            if (bytes.error().system_error == ETIMEDOUT) {
                failure.advice =
                    "it took the request and is silent: is the path right? does it want a header that "
                    "browsers send (--header 'Origin: http://…')?";
            }
            return failure;
        }
        if (bytes->empty()) return Failure{"the connection ended before the response was complete", response.bytes, ""};
        response.bytes += *bytes;
        std::string_view rest = *bytes;
        const HeadReader::State state = head.feed(rest);
        if (state == HeadReader::State::broken) {
            const bool alert = response.bytes.size() > 2 && response.bytes[0] == 0x15 && response.bytes[1] == 0x03;
            return Failure{fmt::format("what answered is no HTTP: {}", head.why()), response.bytes,
                           alert ? "this is TLS: https:// or wss://?" : "is this the right port?"};
        }
        if (state != HeadReader::State::done) continue;
        response.head = head.head();
        response.rest = rest;
        if (response.head.status >= 300) read_explanation(connection, response);
        return response;
    }
}

std::optional<Failure> Subscription::open(Nanos until) {
    auto connection = ProbeConnection::open(wire_.subscribe, wire_.tls.get(), until);
    if (!connection) return failed_to("", connection.error());
    connection_ = std::move(*connection);
    const bool sse = protocol_ == Protocol::sse;
    std::string request, accept;
    if (sse) {
        Cohort cohort;
        cohort.topic = topic_;
        request = workload::sse_request(wire_, cohort, {});
    } else {
        workload::Random random(static_cast<std::uint64_t>(monotonic_now()));
        auto asked = workload::websocket_request(wire_, wire_.websocket_path, topic_, {}, random);
        request = std::move(asked.text);
        accept = std::move(asked.accept);
    }
    request_line_ = first_line(request);
    auto answer = ask(*connection_, request, until);
    if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
    const Response& response = std::get<Response>(answer);
    head_ = response.head;
    if (head_.status != (sse ? 200 : 101)) {
        std::string advice = advice_on(head_.status, false);
        if (!sse && head_.status == 200) advice = "it does not upgrade to WebSocket here: is the path right?";
        return Failure{fmt::format("it answered {} instead of {}", head_.status, sse ? 200 : 101), response.bytes,
                       advice};
    }
    const char* refusal = sse ? workload::sse_refusal(head_, false)
                              : workload::websocket_refusal(head_, accept, wire_.websocket_subprotocol);
    if (refusal != nullptr) {
        return Failure{refusal, response.bytes, sse ? "this is no event stream: is the path right?" : ""};
    }
    if (sse) {
        stream_.emplace<workload::SseStream>(head_, run_);
        body_.emplace(head_.framing, head_.content_length);
    } else {
        stream_.emplace<workload::WebSocketStream>(run_);
        workload::Random random(run_);
        const std::string opening = workload::opening_frames(wire_.websocket, topic_, random);
        if (Status sent = connection_->send(opening, until); !sent) return failed_to("", sent.error());
    }
    return take(response.rest);
}

std::optional<Failure> Subscription::listen(Nanos until, const std::function<bool()>& done) {
    while (!done()) {
        auto bytes = connection_->receive(until);
        if (!bytes && bytes.error().system_error == ETIMEDOUT) return {};
        if (!bytes) return failed_to("the subscription ended", bytes.error(), text_);
        if (bytes->empty()) return Failure{"the server ended the subscription", text_, "is it meant to? see its log"};
        if (auto failure = take(*bytes)) return failure;
    }
    return {};
}

std::optional<Failure> Subscription::take(std::string_view bytes) {
    keep(bytes);
    auto* sse = std::get_if<workload::SseStream>(&stream_);
    const workload::Progress progress =
        sse != nullptr ? sse->feed(bytes, *this) : std::get<workload::WebSocketStream>(stream_).feed(bytes, *this);
    if (!pongs_.empty()) {
        if (Status sent = connection_->send(pongs_, monotonic_now() + nanos_per_second); !sent) {
            return failed_to("answer a ping", sent.error(), text_);
        }
        pongs_.clear();
    }
    if (progress.state == workload::Progress::State::broken) {
        return Failure{fmt::format("the server broke the protocol: {}", progress.why), std::string(bytes), ""};
    }
    if (progress.state == workload::Progress::State::ended) {
        return Failure{"the server ended the subscription" + said_, text_, "is it meant to? see its log"};
    }
    return {};
}

void Subscription::on_ping(std::string_view payload) {
    pinged_ = true;
    workload::append_frame(pongs_, workload::Opcode::pong, payload, static_cast<std::uint32_t>(monotonic_now()));
}

void Subscription::on_close(std::uint16_t code, std::string_view reason) {
    said_ = fmt::format(": close {} {}", code, reason);
}

void Subscription::keep(std::string_view bytes) {
    if (text_.size() + frames_.size() + bytes.size() > kept_max) return;
    if (!body_) {
        frames_.append(bytes);
        keep_messages();
        return;
    }
    std::string_view data;
    while (body_->next(bytes, data) == BodyReader::Step::data)
        text_.append(data);
}

void Subscription::keep_messages() {
    for (auto [end, begin] = frame_in(frames_); end > 0; std::tie(end, begin) = frame_in(frames_)) {
        const int opcode = frames_[0] & 0x0F;
        if (opcode <= 2) text_.append(frames_, begin, end - begin).append("\n");
        frames_.erase(0, end);
    }
}

std::string Subscription::shape(const std::string& payload) const {
    const std::size_t at = text_.find(payload);
    if (at == std::string::npos) return {};
    std::size_t begin = text_.rfind('\n', at);
    begin = begin == std::string::npos ? 0 : begin + 1;
    const std::size_t end = std::min(text_.find_first_of("\r\n", at + payload.size()), text_.size());
    return text_.substr(begin, at - begin) + "{payload}" + text_.substr(at + payload.size(), end - at - payload.size());
}

std::string Subscription::heartbeat() const {
    if (pinged_) return "pings";
    if (!body_) return text_.empty() ? "" : "messages";
    const bool comment = text_.rfind(':', 0) == 0 || text_.find("\n:") != std::string::npos;
    const bool something = text_.find_first_not_of("\r\n") != std::string::npos;
    return comment ? "comments" : something ? "events" : "";
}

}  // namespace squall::cli
