// A response's head and body, as subscribers and publishers read them.
#include <optional>
#include <string>

#include "suites/workload/http.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

using workload::BodyReader;
using workload::HeadReader;

struct Reading {
    std::string body;
    std::string why;  // of whichever was broken
    bool ended = false;
};

/// Feeds what `next_piece` cuts off until the response ends or is broken.
template <class NextPiece>
Reading read(std::string_view wire, NextPiece next_piece) {
    Reading reading;
    HeadReader head;
    std::optional<BodyReader> body;
    while (!wire.empty() && reading.why.empty() && !reading.ended) {
        std::string_view piece = wire.substr(0, next_piece());
        wire.remove_prefix(piece.size());
        if (!body) {
            const HeadReader::State state = head.feed(piece);
            if (state == HeadReader::State::broken) reading.why = head.why();
            if (state == HeadReader::State::more) REQUIRE(piece.empty());
            if (state != HeadReader::State::done) continue;
            body.emplace(head.head().framing, head.head().content_length);
        }
        for (std::string_view data;;) {
            const BodyReader::Step step = body->next(piece, data);
            reading.ended = step == BodyReader::Step::ended;
            if (step == BodyReader::Step::broken) reading.why = body->why();
            if (step != BodyReader::Step::data) break;
            REQUIRE(!data.empty());
            reading.body += data;
        }
    }
    return reading;
}

}  // namespace

void fuzz(std::string_view input) {
    Pieces pieces(input);
    const std::string_view wire = pieces.wire();
    const Reading at_once = read(wire, [&] { return wire.size(); });
    const Reading in_pieces = read(wire, [&] { return pieces.next(); });
    REQUIRE(at_once.body == in_pieces.body);
    REQUIRE(at_once.why == in_pieces.why);
    REQUIRE(at_once.body.size() <= wire.size());
}

}  // namespace squall::fuzz
