// The client's side of a WebSocket connection (RFC 6455), from the first byte behind the handshake. Pure, and
// streaming: payloads are scanned and never stored; only a control frame's (at most 125 bytes) is kept until it is
// complete. Not done: compression (never offered), checking that text is UTF-8.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "suites/workload/stream.hpp"

namespace squall::workload {

class WebSocketStream {
public:
    static constexpr std::uint64_t frame_bytes_max = 64ULL * 1024 * 1024;

    explicit WebSocketStream(std::uint32_t run, Telling telling = {}) : message_(run), notes_(Notes::make(telling)) {}

    /// `ended`: a close frame has come.
    Progress feed(std::string_view wire, StreamSink& sink);

private:
    Progress header(std::string_view& wire);
    Progress parse_header();
    Progress payload(std::string_view& wire);
    Progress end_of_frame(StreamSink& sink);
    Progress close(StreamSink& sink);

    MessageScan message_;
    std::string control_;
    std::unique_ptr<Notes> notes_;
    std::uint64_t left_ = 0;  // of this frame's payload
    std::array<std::uint8_t, 10> header_;
    std::uint8_t header_length_ = 0;
    std::uint8_t opcode_ = 0;
    bool in_payload_ = false;
    bool fin_ = false;
    bool inside_message_ = false;  // a fragmented message has begun
};

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// One whole frame, masked with `mask`, as clients send it.
void append_frame(std::string& out, Opcode opcode, std::string_view payload, std::uint32_t mask);
/// The payload of a close frame.
std::string close_payload(std::uint16_t code, std::string_view reason);

/// Base64 of 16 random bytes: Sec-WebSocket-Key.
std::string websocket_key(std::uint64_t random_high, std::uint64_t random_low);
/// What the server has to answer in Sec-WebSocket-Accept.
std::string websocket_accept(std::string_view key);

}  // namespace squall::workload
