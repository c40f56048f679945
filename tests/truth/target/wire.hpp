// HTTP, SSE and WebSocket as far as the truth target speaks them. It trusts its peer, which is squall in a test, and
// shares no code with it: a mistake in squall's own parsers would cancel itself out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace truth {

struct Request {
    std::string method;
    std::string target;
    std::string websocket_key;  ///< empty: no upgrade is asked for
    std::string body;
};

/// Takes one whole request off the front of `input`; nothing when there is none yet.
std::optional<Request> take_request(std::string& input);

/// Takes one whole frame off the front of `input` and returns its payload, unmasked; nothing when there is none yet.
std::optional<std::string> take_frame(std::string& input, unsigned& opcode);

std::string frame(unsigned opcode, std::string_view payload);
std::string handshake_answer(std::string_view key);

/// What squall wrote into the payload: docs/explanation/load-generator.md, "The marker".
struct Marked {
    std::uint64_t sequence = 0;
    std::int64_t scheduled = 0;  ///< nanoseconds since the origin of squall's run, which is not known here
};
std::optional<Marked> find_marker(std::string_view payload);

}  // namespace truth
