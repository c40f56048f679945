// One HTTP/1.1 request, and the bounded parser for it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace squall::reference {

inline constexpr std::uint32_t header_bytes_max = 8 * 1024;

enum class Method : std::uint8_t { get, head, post, other };

struct Request {
    Method method = Method::other;
    std::string path;   // decoded, without the query
    std::string query;  // as sent, without the question mark
    std::string body;
    bool keep_alive = true;
    bool http_1_1 = true;
    bool upgrade_to_websocket = false;  // Upgrade names websocket, and Connection names upgrade
    std::string websocket_key;
    std::string websocket_version;
    std::string last_event_id;

    // A query parameter's decoded value; empty when it is absent. The first one counts.
    std::optional<std::string> parameter(std::string_view name) const;
};

// Percent-decoding of a query's value, with + as a space; empty: malformed.
std::optional<std::string> percent_decode(std::string_view text);

class RequestParser {
public:
    enum class State : std::uint8_t { incomplete, complete, malformed, header_too_big, body_too_big };

    explicit RequestParser(std::uint64_t body_bytes_max);
    ~RequestParser();

    // Reads the next part of the request off the front of `input`. What is left has to come again, with more behind
    // it, or, after `complete`, belongs to the next request.
    State feed(std::string_view& input);

    // Whether the client waits for "100 Continue" before it sends the body. Says so once.
    bool take_expects_continue();

    // After `complete`.
    Request take();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace squall::reference
