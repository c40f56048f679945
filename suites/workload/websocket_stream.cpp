#include "suites/workload/websocket_stream.hpp"

#include <algorithm>

namespace squall::workload {
namespace {

constexpr bool is_control(std::uint8_t opcode) {
    return (opcode & 8) != 0;
}

/// RFC 6455 section 7.4: codes that never stand in a frame.
bool allowed_in_frame(unsigned code) {
    return code >= 1000 && code < 5000 && code != 1004 && code != 1005 && code != 1006 && code != 1015;
}

}  // namespace

Progress WebSocketStream::feed(std::string_view wire, StreamSink& sink) {
    Progress progress;
    while (progress.state == Progress::State::open) {
        if (!in_payload_) {
            progress = header(wire);
            if (!in_payload_ || progress.state != Progress::State::open) return progress;
        }
        progress = payload(wire);
        if (progress.state != Progress::State::open) return progress;
        if (left_ > 0) return {};
        in_payload_ = false;
        progress = end_of_frame(sink);
    }
    return progress;
}

Progress WebSocketStream::header(std::string_view& wire) {
    while (!wire.empty()) {
        header_[header_length_++] = static_cast<std::uint8_t>(wire.front());
        wire.remove_prefix(1);
        if (header_length_ < 2) continue;
        const unsigned length = header_[1] & 0x7F;
        const std::size_t wanted = length == 126 ? 4 : length == 127 ? 10 : 2;
        if (header_length_ == 2 && (header_[1] & 0x80) != 0) return broken("server sent a masked frame");
        if (header_length_ == wanted) {
            in_payload_ = true;
            return parse_header();
        }
    }
    return {};
}

Progress WebSocketStream::parse_header() {
    const unsigned length = header_[1] & 0x7F;
    left_ = length;
    if (length > 125) {
        left_ = 0;
        for (std::size_t i = 2; i < header_length_; ++i)
            left_ = left_ << 8 | header_[i];
        const bool minimal = length == 126 ? left_ > 125 : left_ > 0xFFFF;
        if (!minimal) return broken("frame length is not in its shortest form");
    }
    header_length_ = 0;
    fin_ = (header_[0] & 0x80) != 0;
    opcode_ = header_[0] & 0x0F;
    if ((header_[0] & 0x70) != 0) return broken("reserved bit set without an extension");
    if (left_ > frame_bytes_max) return broken("frame longer than 64 MiB");
    if (is_control(opcode_)) {
        if (opcode_ > 10) return broken("reserved opcode");
        if (!fin_) return broken("fragmented control frame");
        if (left_ > 125) return broken("control frame longer than 125 bytes");
        return {};
    }
    if (opcode_ > 2) return broken("reserved opcode");
    if (opcode_ == 0 && !inside_message_) return broken("continuation without a message");
    if (opcode_ != 0 && inside_message_) return broken("new message inside of a fragmented one");
    inside_message_ = !fin_;
    return {};
}

Progress WebSocketStream::payload(std::string_view& wire) {
    const std::string_view part = wire.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, wire.size())));
    wire.remove_prefix(part.size());
    left_ -= part.size();
    if (is_control(opcode_)) {
        control_.append(part);
        return {};
    }
    if (notes_) {
        notes_->begin(part);
        notes_->hold(part);
    }
    if (!message_.scan(part)) return broken("more than 65,536 markers in one message");
    return {};
}

Progress WebSocketStream::end_of_frame(StreamSink& sink) {
    if (opcode_ == static_cast<std::uint8_t>(Opcode::close)) return close(sink);
    if (is_control(opcode_)) {
        if (opcode_ == static_cast<std::uint8_t>(Opcode::ping)) sink.on_ping(control_);
        control_ = {};
    } else if (fin_) {
        if (notes_) {
            notes_->tell_beginning(sink);
            notes_->tell_content(sink);
        }
        const auto found = [&](const Marker& marker) { sink.on_marker(marker); };
        if (const std::uint32_t foreign = message_.complete(found)) sink.on_foreign(foreign);
    }
    return {};
}

Progress WebSocketStream::close(StreamSink& sink) {
    if (control_.empty()) {
        sink.on_close(1005, {});
    } else {
        if (control_.size() == 1) return broken("close frame of one byte");
        const unsigned code = static_cast<std::uint8_t>(control_[0]) * 256U + static_cast<std::uint8_t>(control_[1]);
        if (!allowed_in_frame(code)) return broken("close code that must not be sent");
        sink.on_close(static_cast<std::uint16_t>(code), std::string_view(control_).substr(2));
    }
    control_ = {};
    return {Progress::State::ended, nullptr};
}

}  // namespace squall::workload
