// WebSocket: pings and pongs, close frames both ways, and publishing by the client.
#include <fmt/format.h>

#include <optional>

#include "reference-server/src/session.hpp"
#include "reference-server/src/ws_frame.hpp"

namespace squall::reference {
namespace {

// Close codes of RFC 6455 for errors that have no reason of their own; their reason is protocol_error.
constexpr std::uint16_t unsupported_data = 1003;
constexpr std::uint16_t invalid_payload = 1007;

class WsSession final : public Session {
public:
    WsSession(Hub& hub, Origin origin, bool publishes)
        : Session(hub, Protocol::websocket, std::move(origin)),
          decoder_(this->hub().config.message_bytes_max, publishes),
          publishes_(publishes) {}

private:
    void consume(std::string_view bytes) override;
    void on_message(const ws::Incoming& message);
    void on_close(const ws::Incoming& message);
    void refuse(Reason reason, std::optional<std::uint16_t> code = std::nullopt);

    std::chrono::milliseconds heartbeat_interval() const override { return hub().config.ping_interval; }
    void heartbeat() override;
    void on_flushed() override;
    void on_pong();

    // There is no event type in a WebSocket message: the notice is a text message that says what it is.
    std::string gap_notice(std::uint64_t from, std::uint64_t to) const override {
        return ws::frame(ws::Opcode::text, fmt::format("{{\"event\":\"gap\",\"from\":{},\"to\":{}}}", from, to));
    }

    std::string farewell(Reason reason, bool complete) const override;
    bool fin_after_farewell() const override { return close_received_; }
    Clock::time_point last_heard(Clock::time_point) const override { return last_received(); }

    ws::Decoder decoder_;
    std::optional<std::uint16_t> farewell_code_;  // instead of the reason's own
    const bool publishes_;
    bool close_received_ = false;
    bool close_without_code_ = false;
    bool unreadable_ = false;      // after an error or a close frame: what follows is discarded
    bool ping_unflushed_ = false;  // a ping waits for the kernel; its deadline has not begun
};

void WsSession::consume(std::string_view bytes) {
    using Kind = ws::Incoming::Kind;
    while (!unreadable_ && state() != State::closed) {
        const std::optional<ws::Incoming> incoming = decoder_.next(bytes);
        if (!incoming) return;
        switch (incoming->kind) {
            case Kind::message:
                on_message(*incoming);
                break;
            case Kind::ping:
                if (open()) send_control(ws::frame(ws::Opcode::pong, incoming->payload));
                break;
            case Kind::pong:
                on_pong();
                break;
            case Kind::close:
                on_close(*incoming);
                break;
            case Kind::protocol_error:
                refuse(Reason::protocol_error);
                break;
            case Kind::too_big:
                refuse(Reason::message_too_big);
                break;
            case Kind::invalid_text:
                refuse(Reason::protocol_error, invalid_payload);
                break;
        }
    }
}

void WsSession::refuse(Reason reason, std::optional<std::uint16_t> code) {
    unreadable_ = true;
    farewell_code_ = code;
    end(reason);
}

void WsSession::on_message(const ws::Incoming& message) {
    if (!publishes_ || !open()) return;
    if (message.opcode != ws::Opcode::text) {
        refuse(Reason::protocol_error, unsupported_data);
        return;
    }
    const PublishResult result = hub().publish(topic(), message.payload);
    if (!open()) return;  // it may subscribe to its own topic, and be slow
    send_control(
        ws::frame(ws::Opcode::text, result.refused.empty()
                                        ? fmt::format("{{\"id\":{}}}", result.id)
                                        : fmt::format("{{\"error\":\"{}\",\"code\":{},\"retry_after_seconds\":{}}}",
                                                      result.refused, result.status, retry_after.count())));
}

void WsSession::on_close(const ws::Incoming& message) {
    unreadable_ = true;
    close_received_ = true;
    if (open()) {
        close_without_code_ = message.close_code == 0;
        farewell_code_ = message.close_code;
        end(Reason::client_closed);
    } else if (state() == State::waiting_for_peer) {
        finish_sending();
    }
}

// Each reason has a code that says whether to worry; only a client that closes itself is answered with its own code.
std::string WsSession::farewell(Reason reason, bool /*complete*/) const {
    if (reason == Reason::client_closed) {
        // The answer to a close frame repeats its code (RFC 6455, section 5.5.1).
        if (close_without_code_ || !farewell_code_) return ws::frame(ws::Opcode::close, {});
        return ws::close_frame(*farewell_code_, {});
    }
    return ws::close_frame(farewell_code_.value_or(close_code(reason)), name(reason));
}

void WsSession::heartbeat() {
    if (ping_unflushed_ || pong_due() != never) return;  // one ping at a time
    ping_unflushed_ = true;
    send_control(ws::frame(ws::Opcode::ping, {}));
}

// The pong deadline begins when the ping is out of the server's hands, not while it waits behind a slow reader's
// messages: that is the write deadline's time.
void WsSession::on_flushed() {
    if (!ping_unflushed_ || !open()) return;
    ping_unflushed_ = false;
    set_pong_due(Clock::now() + hub().config.pong_deadline);
}

// A pong can come while messages behind its ping still wait for the kernel: the ping is out, and answered.
void WsSession::on_pong() {
    if (!open()) return;
    ping_unflushed_ = false;
    set_pong_due(never);
}

}  // namespace

std::unique_ptr<Session> make_ws_session(Hub& hub, Session::Origin origin, bool publishes) {
    return std::make_unique<WsSession>(hub, std::move(origin), publishes);
}

}  // namespace squall::reference
