// A response on its way through a proxy that compresses server-sent events.
#include "faults/proxy/gzip_response.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

using proxy::Way;

struct Passed {
    std::string onward;
    std::uint64_t compressed = 0;
    std::uint64_t bytes_came = 0;
    bool broken_off = false;

    bool operator==(const Passed&) const = default;
};

template <class NextPiece>
Passed pass(std::string_view wire, NextPiece next_piece) {
    const auto shared = std::make_shared<proxy::Compression>();
    proxy::GzipResponse rewrite(shared);
    rewrite.take(Way::to_target, "GET /events HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n", 0);
    Passed passed;
    while (!wire.empty() && !passed.broken_off) {
        const std::string_view piece = wire.substr(0, next_piece());
        wire.remove_prefix(piece.size());
        const auto outcome = rewrite.take(Way::to_client, piece, 0);
        passed.onward += outcome.onward;
        passed.broken_off = outcome.answer.has_value();
    }
    if (!passed.broken_off) passed.onward += rewrite.end(Way::to_client, 0);
    passed.compressed = shared->count.responses;
    passed.bytes_came = shared->count.bytes_came;
    return passed;
}

}  // namespace

void fuzz(std::string_view input) {
    Pieces pieces(input);
    const std::string_view wire = pieces.wire();
    Passed at_once = pass(wire, [] { return std::size_t{4096}; });
    Passed in_pieces = pass(wire, [&] { return pieces.next(); });
    if (at_once.compressed == 0) REQUIRE(at_once.onward == wire);
    // What is compressed leaves in other chunks, and up to another byte where it is broken off.
    if (at_once.compressed > 0) at_once.onward = in_pieces.onward;
    if (at_once.broken_off) at_once.bytes_came = in_pieces.bytes_came;
    REQUIRE(at_once == in_pieces);
}

}  // namespace squall::fuzz
