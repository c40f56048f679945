// One subscription of `squall init`: what came is kept, so that people can be shown it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "suites/targets/probe_connection.hpp"
#include "suites/workload/requests.hpp"
#include "suites/workload/sse_stream.hpp"
#include "suites/workload/websocket_stream.hpp"

namespace squall::cli {

/// Why a step came to nothing.
struct Failure {
    std::string why;
    std::string bytes;   ///< what the server sent; empty: nothing
    std::string advice;  ///< what may help
};

/// Failures of connecting, TLS included, of sending and of receiving.
Failure failed_to(const std::string& what, const Error& error, const std::string& bytes = {});
/// What an unwelcome status may mean.
std::string advice_on(int status, bool publishing);

/// A response: its head, and all that was read of it.
struct Response {
    workload::ResponseHead head;
    std::string bytes;
    std::string rest;  ///< of the bytes: what came behind the head
};
/// Sends a request, and reads the response's head.
std::variant<Response, Failure> ask(ProbeConnection& connection, const std::string& request, Nanos until);

class Subscription final : private workload::StreamSink {
public:
    /// Bytes that are kept; more are only counted as having come.
    static constexpr std::size_t kept_max = 256 * 1024;

    Subscription(const workload::Wire& wire, Protocol protocol, std::string topic, std::uint32_t run)
        : wire_(wire), protocol_(protocol), topic_(std::move(topic)), run_(run) {}

    std::optional<Failure> open(Nanos until);
    /// Reads until `done`, or until then. Failure: the subscription ended.
    std::optional<Failure> listen(Nanos until, const std::function<bool()>& done);

    const workload::ResponseHead& head() const { return head_; }
    bool arrived(std::uint64_t sequence) const { return arrived_.count(sequence) != 0; }
    /// The message that `payload` came in, as a template; empty: it has not come.
    std::string shape(const std::string& payload) const;
    const std::string& event_id() const { return event_id_; }
    void forget_text() { text_.clear(); }
    /// "comments", "events", "pings" or "messages" since the text was forgotten; empty: nothing came.
    std::string heartbeat() const;
    const std::string& text() const { return text_; }  ///< SSE: the body; WebSocket: text messages, a line each
    std::string request() const { return request_line_; }

private:
    void on_marker(const workload::Marker& marker) override { arrived_.insert(marker.sequence); }
    void on_foreign(std::uint32_t) override {}
    void on_event_id(std::string_view id) override { event_id_ = id; }
    void on_ping(std::string_view payload) override;
    void on_close(std::uint16_t code, std::string_view reason) override;

    std::optional<Failure> take(std::string_view bytes);
    void keep(std::string_view bytes);
    void keep_messages();

    const workload::Wire& wire_;
    Protocol protocol_;
    std::string topic_;
    std::uint32_t run_;
    std::string request_line_;
    std::unique_ptr<ProbeConnection> connection_;
    workload::ResponseHead head_;
    std::variant<std::monostate, workload::SseStream, workload::WebSocketStream> stream_;
    std::optional<workload::BodyReader> body_;
    std::string frames_;  // WebSocket: not taken apart yet
    std::string text_;
    std::string pongs_;
    std::string event_id_;
    std::string said_;  // in a close frame
    std::set<std::uint64_t> arrived_;
    bool pinged_ = false;
};

}  // namespace squall::cli
