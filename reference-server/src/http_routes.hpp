// What each endpoint answers. No sockets here: a request goes in, a decision comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "reference-server/src/http_request.hpp"
#include "reference-server/src/hub.hpp"

namespace squall::reference {

struct Response {
    int status = 200;
    std::string body;
    std::string_view content_type = "application/json";
    std::string headers = {};             // further header lines, each ending in CRLF
    bool close = false;                   // end the connection behind it
    std::optional<Refusal> refusal = {};  // to be counted as a handshake failure
};

struct OpenStream {
    Protocol protocol;
    Topic* topic;
    std::optional<std::uint64_t> resume_after;
    bool subscribes = true;
    bool publishes = false;
    std::string head;  // the response that begins the stream
};

using Outcome = std::variant<Response, OpenStream>;

Outcome route(Hub& hub, const Request& request);

// {"error":…} with the refusal's usual status; 503 comes with Retry-After.
Response refuse(Refusal refusal, std::string_view explanation);
Response refuse(Refusal refusal, int status, std::string_view explanation);

// The response on the wire.
std::string serialise(const Response& response, bool keep_alive);

}  // namespace squall::reference
