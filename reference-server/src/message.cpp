#include "reference-server/src/message.hpp"

#include "reference-server/src/sse_encoding.hpp"
#include "reference-server/src/ws_frame.hpp"

namespace squall::reference {

Message::Message(std::uint64_t id, Clock::time_point accepted_at, std::string_view payload)
    : id_(id),
      accepted_at_(accepted_at),
      websocket_(ws::frame(ws::Opcode::text, payload)),
      sse_bytes_(sse::event_bytes(id, payload)),
      head_bytes_(static_cast<std::uint8_t>(websocket_.size() - payload.size())) {}

std::string_view Message::encoded(Protocol protocol) const {
    if (protocol == Protocol::websocket) return websocket_;
    if (sse_.empty()) sse_ = sse::event(id_, payload());
    return sse_;
}

std::size_t Message::encoded_bytes(Protocol protocol) const {
    return protocol == Protocol::websocket ? websocket_.size() : sse_bytes_;
}

}  // namespace squall::reference
