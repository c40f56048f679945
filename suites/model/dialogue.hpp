// What is said on a connection besides the messages themselves.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace squall {

/// Of a message only so much is looked at.
inline constexpr std::size_t beginning_bytes_max = 128;

/// Texts are compared with the beginning of a message: of a WebSocket message, or of a line of an SSE stream.
struct Dialogue {
    std::vector<std::string> opening;            ///< sent once the handshake is over; may hold {topic}
    std::string confirm;                         ///< what confirms the subscription; empty: the handshake does
    std::map<std::string, std::string> replies;  ///< what is answered, and by what; may hold {topic}

    /// Something has to be recognised.
    bool listens() const { return !confirm.empty() || !replies.empty(); }
};

}  // namespace squall
