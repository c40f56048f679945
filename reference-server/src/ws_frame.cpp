#include "reference-server/src/ws_frame.hpp"

#include <algorithm>
#include <utility>

namespace squall::reference::ws {

std::string frame_head(Opcode opcode, std::size_t payload_bytes) {
    std::string head(1, static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
    const auto big_endian = [&](unsigned bytes) {
        for (unsigned shift = bytes * 8; shift != 0; shift -= 8)
            head += static_cast<char>((payload_bytes >> (shift - 8)) & 0xFFU);
    };
    if (payload_bytes <= control_payload_max) {
        head += static_cast<char>(payload_bytes);
    } else if (payload_bytes <= 0xFFFF) {
        head += static_cast<char>(126);
        big_endian(2);
    } else {
        head += static_cast<char>(127);
        big_endian(8);
    }
    return head;
}

std::string frame(Opcode opcode, std::string_view payload) {
    std::string out = frame_head(opcode, payload.size());
    out += payload;
    return out;
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
    std::string payload = {static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
    payload += reason.substr(0, control_payload_max - 2);
    return frame(Opcode::close, payload);
}

bool valid_close_code(std::uint16_t code) {
    if (code >= 3000 && code <= 4999) return true;
    // 1004 is reserved; 1005, 1006 and 1015 must not be sent.
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

bool valid_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* end = at + text.size();
    while (at != end) {
        if (*at < 0x80) {
            ++at;
            continue;
        }
        std::size_t following = 0;
        std::uint32_t point = 0;
        std::uint32_t least = 0;
        if ((*at & 0xE0U) == 0xC0)
            following = 1, point = *at & 0x1FU, least = 0x80;
        else if ((*at & 0xF0U) == 0xE0)
            following = 2, point = *at & 0x0FU, least = 0x800;
        else if ((*at & 0xF8U) == 0xF0)
            following = 3, point = *at & 0x07U, least = 0x10000;
        else
            return false;
        if (static_cast<std::size_t>(end - at) <= following) return false;
        for (++at; following != 0; --following, ++at) {
            if ((*at & 0xC0U) != 0x80) return false;
            point = (point << 6U) | (*at & 0x3FU);
        }
        const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (point < least || point > 0x10FFFF || surrogate) return false;
    }
    return true;
}

Decoder::Decoder(std::uint64_t message_bytes_max, bool keep_messages)
    : message_bytes_max_(message_bytes_max), keep_messages_(keep_messages) {}

Incoming Decoder::failure(Incoming::Kind kind, std::string_view problem) const {
    return {.kind = kind, .opcode = Opcode::text, .close_code = 0, .payload = {}, .problem = problem};
}

std::size_t Decoder::head_bytes_needed() const {
    if (head_size_ < 2) return 2;
    const unsigned length = head_[1] & 0x7FU;
    return 2 + (length == 126 ? 2U : length == 127 ? 8U : 0U) + 4;
}

std::optional<Incoming> Decoder::next(std::string_view& input) {
    while (true) {
        if (!in_payload_) {
            if (auto found = read_head(input)) return found;
            if (!in_payload_) return std::nullopt;
        }
        read_payload(input);
        if (remaining_ != 0) return std::nullopt;
        in_payload_ = false;
        head_size_ = 0;
        if (auto found = finish_frame()) return found;
    }
}

std::optional<Incoming> Decoder::read_head(std::string_view& input) {
    while (head_size_ < head_bytes_needed()) {
        if (input.empty()) return std::nullopt;
        head_[head_size_++] = static_cast<std::uint8_t>(input.front());
        input.remove_prefix(1);
        // Refuse at the second byte what can be known there: an unmasked client need not send four more.
        if (head_size_ == 2 && (head_[1] & 0x80U) == 0)
            return failure(Incoming::Kind::protocol_error, "unmasked frame");
    }
    return check_head();
}

std::optional<Incoming> Decoder::check_head() {
    using Kind = Incoming::Kind;
    if ((head_[0] & 0x70U) != 0) return failure(Kind::protocol_error, "reserved bit set");
    opcode_ = head_[0] & 0x0FU;
    final_ = (head_[0] & 0x80U) != 0;
    const unsigned length = head_[1] & 0x7FU;
    remaining_ = length;
    if (length >= 126) {
        remaining_ = 0;
        const std::size_t bytes = length == 126 ? 2 : 8;
        for (std::size_t i = 0; i < bytes; ++i)
            remaining_ = (remaining_ << 8U) | head_[2 + i];
        if ((length == 126 && remaining_ < 126) || (length == 127 && remaining_ <= 0xFFFF))
            return failure(Kind::protocol_error, "length not in its shortest form");
        if ((remaining_ >> 63U) != 0) return failure(Kind::protocol_error, "length above 2^63");
    }
    std::copy_n(head_.begin() + head_size_ - 4, 4, mask_.begin());
    if (is_control()) {
        if (opcode_ > 10) return failure(Kind::protocol_error, "reserved opcode");
        if (!final_) return failure(Kind::protocol_error, "fragmented control frame");
        if (remaining_ > control_payload_max) return failure(Kind::protocol_error, "control frame above 125 bytes");
    } else {
        if (opcode_ > 2) return failure(Kind::protocol_error, "reserved opcode");
        if (opcode_ == 0 && message_opcode_ == 0) return failure(Kind::protocol_error, "continuation of nothing");
        if (opcode_ != 0 && message_opcode_ != 0) return failure(Kind::protocol_error, "message inside a message");
        if (remaining_ > message_bytes_max_ - message_bytes_) return failure(Kind::too_big, "message too big");
        if (opcode_ != 0) message_opcode_ = opcode_;
        message_bytes_ += remaining_;
    }
    position_ = 0;
    in_payload_ = true;
    return std::nullopt;
}

void Decoder::read_payload(std::string_view& input) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
    if (is_control() || keep_messages_) {
        std::string& out = is_control() ? control_ : message_;
        const std::size_t start = out.size();
        out.append(input.data(), count);
        for (std::size_t i = 0; i < count; ++i)
            out[start + i] = static_cast<char>(static_cast<std::uint8_t>(out[start + i]) ^ mask_[(position_ + i) % 4]);
    }
    input.remove_prefix(count);
    position_ += count;
    remaining_ -= count;
}

std::optional<Incoming> Decoder::finish_frame() {
    if (opcode_ == static_cast<std::uint8_t>(Opcode::close)) return finish_close();
    Incoming found{.kind = Incoming::Kind::ping, .opcode = {}, .close_code = 0, .payload = {}, .problem = {}};
    if (is_control()) {
        found.opcode = static_cast<Opcode>(opcode_);
        found.kind = found.opcode == Opcode::ping ? Incoming::Kind::ping : Incoming::Kind::pong;
        found.payload = std::exchange(control_, {});
        return found;
    }
    if (!final_) return std::nullopt;
    found.kind = Incoming::Kind::message;
    found.opcode = static_cast<Opcode>(message_opcode_);
    found.payload = std::exchange(message_, {});
    message_opcode_ = 0;
    message_bytes_ = 0;
    if (keep_messages_ && found.opcode == Opcode::text && !valid_utf8(found.payload))
        return failure(Incoming::Kind::invalid_text, "text message is not UTF-8");
    return found;
}

std::optional<Incoming> Decoder::finish_close() {
    const std::string payload = std::exchange(control_, {});
    if (payload.size() == 1) return failure(Incoming::Kind::protocol_error, "close frame of one byte");
    Incoming found{
        .kind = Incoming::Kind::close, .opcode = Opcode::close, .close_code = 0, .payload = {}, .problem = {}};
    if (payload.empty()) return found;
    found.close_code = static_cast<std::uint16_t>((static_cast<std::uint8_t>(payload[0]) << 8U) |
                                                  static_cast<std::uint8_t>(payload[1]));
    found.payload = payload.substr(2);
    if (!valid_close_code(found.close_code)) return failure(Incoming::Kind::protocol_error, "invalid close code");
    if (!valid_utf8(found.payload)) return failure(Incoming::Kind::invalid_text, "close reason is not UTF-8");
    return found;
}

}  // namespace squall::reference::ws
