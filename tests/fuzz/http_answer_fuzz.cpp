// The answer of a readiness check or of a metrics page.
#include "suites/targets/http_answer.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

constexpr std::size_t body_bytes_max = 4096;

/// Status and body once it is whole; empty when it never is.
template <class NextPiece>
std::string read(std::string_view wire, NextPiece next_piece) {
    AnswerReader reader(body_bytes_max);
    const auto taken = [&reader] {
        const HttpAnswer answer = reader.take();
        REQUIRE(answer.body.size() <= body_bytes_max);
        return std::to_string(answer.status) + " " + answer.body;
    };
    while (!wire.empty()) {
        const std::string_view piece = wire.substr(0, next_piece());
        wire.remove_prefix(piece.size());
        const auto whole = reader.feed(piece);
        if (!whole) return {};
        if (*whole) return taken();
    }
    return reader.end() ? taken() : std::string();
}

}  // namespace

void fuzz(std::string_view input) {
    Pieces pieces(input);
    const std::string_view wire = pieces.wire();
    const std::string at_once = read(wire, [] { return std::size_t{4096}; });
    const std::string in_pieces = read(wire, [&] { return pieces.next(); });
    // Near its limit Beast refuses a head or lets it pass by how it is cut.
    REQUIRE(at_once == in_pieces || wire.size() >= AnswerReader::framing_bytes_max);
}

}  // namespace squall::fuzz
