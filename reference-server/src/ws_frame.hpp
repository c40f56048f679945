// RFC 6455 framing, the server's side: encoding unmasked frames, decoding masked ones.
//
// The server frames for itself instead of through a library, because a message has to be encoded once and shared by
// all queues, several queued messages have to leave in one system call, and the bytes that the kernel has not yet
// taken have to be known exactly. Extensions are not negotiated, so reserved bits must be zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace squall::reference::ws {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr std::size_t control_payload_max = 125;

// An unmasked, unfragmented frame; frame_head() is its part before the payload.
std::string frame(Opcode opcode, std::string_view payload);
std::string frame_head(Opcode opcode, std::size_t payload_bytes);
std::string close_frame(std::uint16_t code, std::string_view reason);

// Whether a peer may send `code` in a close frame (RFC 6455, section 7.4).
bool valid_close_code(std::uint16_t code);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool valid_utf8(std::string_view text);

// What the decoder found in the bytes it was given.
struct Incoming {
    enum class Kind : std::uint8_t {
        message,         // `text` or `binary`, whole; payload in `payload`
        ping,            // payload in `payload`
        pong,            // payload in `payload`
        close,           // code (0: none given) and payload (the reason text)
        protocol_error,  // the stream cannot be read any further; `problem` says why
        too_big,         // a message longer than the limit was announced; the stream cannot be read any further
        invalid_text,    // a text message or close reason that is not UTF-8
    };
    Kind kind;
    Opcode opcode = Opcode::text;
    std::uint16_t close_code = 0;
    std::string payload;
    std::string_view problem;
};

// Incremental decoder. Holds at most one message of `message_bytes_max`, and nothing between messages.
class Decoder {
public:
    // With keep_messages false, the payload of data messages is skipped, not kept: such an Incoming has an empty
    // payload and its text is not checked for UTF-8. For connections whose messages nobody reads.
    Decoder(std::uint64_t message_bytes_max, bool keep_messages);

    // Takes bytes off the front of `input` until something is found or the input is used up. After protocol_error,
    // too_big or invalid_text the decoder is spent: do not call it again.
    std::optional<Incoming> next(std::string_view& input);

private:
    std::optional<Incoming> read_head(std::string_view& input);
    std::optional<Incoming> check_head();
    void read_payload(std::string_view& input);
    std::optional<Incoming> finish_frame();
    std::optional<Incoming> finish_close();
    Incoming failure(Incoming::Kind kind, std::string_view problem) const;
    bool is_control() const { return (opcode_ & 8U) != 0; }
    std::size_t head_bytes_needed() const;

    std::uint64_t message_bytes_max_;
    std::uint64_t message_bytes_ = 0;  // of all fragments so far
    std::uint64_t remaining_ = 0;      // payload bytes of the current frame still to come
    std::uint64_t position_ = 0;       // payload bytes of the current frame already seen, for the mask
    std::string message_;              // fragments of the message in progress
    std::string control_;              // payload of the control frame in progress
    std::array<std::uint8_t, 14> head_{};
    std::array<std::uint8_t, 4> mask_{};
    std::uint8_t head_size_ = 0;
    std::uint8_t opcode_ = 0;
    std::uint8_t message_opcode_ = 0;  // of the first fragment; 0: no message in progress
    bool final_ = false;
    bool in_payload_ = false;
    bool keep_messages_;
};

}  // namespace squall::reference::ws
