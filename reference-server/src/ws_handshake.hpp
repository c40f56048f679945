// The WebSocket opening handshake (RFC 6455, section 4.2).
#pragma once

#include <string>
#include <string_view>

namespace squall::reference::ws {

// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key.
std::string accept_value(std::string_view key);

// Whether `key` is the base64 form of 16 bytes.
bool valid_key(std::string_view key);

// The 101 response.
std::string response_head(std::string_view key);

}  // namespace squall::reference::ws
