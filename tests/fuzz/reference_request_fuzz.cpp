// The reference server's requests, one after the other on one connection.
#include "reference-server/src/http_request.hpp"

#include <fmt/format.h>

#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

using reference::RequestParser;

constexpr std::uint64_t body_bytes_max = 256;
constexpr std::size_t requests_max = 16;

std::string described(const reference::Request& request) {
    REQUIRE(request.body.size() <= body_bytes_max);
    return fmt::format("{} {} {} {} {} {} {} {} {} {}\n", static_cast<int>(request.method), request.path, request.query,
                       request.body, request.keep_alive, request.upgrade_to_websocket, request.websocket_key,
                       request.websocket_version, request.last_event_id, request.parameter("topic").value_or("?"));
}

/// As the server's connections do: what is left over comes again, with more behind it. (A head that is wrong and not
/// complete is refused sooner or later, depending on how it is cut; what counts is that no request comes of it.)
template <class NextPiece>
std::string read(std::string_view wire, NextPiece next_piece) {
    std::string requests;
    std::string input;
    auto parser = std::make_unique<RequestParser>(body_bytes_max);
    std::size_t count = 0;
    while (!wire.empty() && count < requests_max) {
        const std::string_view piece = wire.substr(0, next_piece());
        wire.remove_prefix(piece.size());
        input += piece;
        std::string_view rest = input;
        while (!rest.empty() && count < requests_max) {
            const RequestParser::State state = parser->feed(rest);
            if (state == RequestParser::State::incomplete) break;
            if (state != RequestParser::State::complete) return requests;
            requests += described(parser->take());
            parser = std::make_unique<RequestParser>(body_bytes_max);
            ++count;
        }
        input = std::string(rest);
        REQUIRE(input.size() <= reference::header_bytes_max);
    }
    return requests;
}

}  // namespace

void fuzz(std::string_view input) {
    Pieces pieces(input);
    const std::string_view wire = pieces.wire();
    const std::string at_once = read(wire, [&] { return std::size_t{4096}; });
    const std::string in_pieces = read(wire, [&] { return pieces.next(); });
    // Near its limit Beast refuses a head or lets it pass by how it is cut.
    REQUIRE(at_once == in_pieces || wire.size() >= reference::header_bytes_max);
}

}  // namespace squall::fuzz
