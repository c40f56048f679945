// The event stream on the wire: WHATWG server-sent events inside HTTP/1.1 chunks.
//
// Each event is one chunk, so that an encoded event can be shared by all connections, and the terminating chunk tells
// a proper end from a cut connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reference-server/src/reasons.hpp"

namespace squall::reference::sse {

// `text` as one HTTP chunk. `text` is not empty: an empty chunk would end the stream.
std::string chunk(std::string_view text);

// The chunk that ends the stream.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

// id and data lines of one message, as a chunk. A payload's CR, LF and CRLF each end a data line, because a receiver
// would take them for line ends in any case; it joins the lines with LF.
std::string event(std::uint64_t id, std::string_view payload);

// The bytes that event() returns for it, without building them.
std::size_t event_bytes(std::uint64_t id, std::string_view payload);

// Chunks that are no messages.
std::string retry(std::chrono::milliseconds reconnection_time);
std::string heartbeat();
std::string goodbye(Reason reason);
std::string gap(std::uint64_t from, std::uint64_t to);

// Status line and header fields of the stream.
std::string response_head();

}  // namespace squall::reference::sse
