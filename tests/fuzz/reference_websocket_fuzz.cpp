// The reference server's WebSocket decoder; and what squall's clients write, it reads back.
#include <fmt/format.h>

#include "reference-server/src/ws_frame.hpp"
#include "suites/workload/websocket_stream.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {
namespace {

using namespace reference::ws;

constexpr std::uint64_t message_bytes_max = 1024;

template <class NextPiece>
std::string read(std::string_view wire, NextPiece next_piece) {
    std::string found;
    Decoder decoder(message_bytes_max, true);
    while (!wire.empty()) {
        std::string_view piece = wire.substr(0, next_piece());
        wire.remove_prefix(piece.size());
        while (const auto incoming = decoder.next(piece)) {
            REQUIRE(incoming->payload.size() <= message_bytes_max);
            found +=
                fmt::format("{} {} {} {} {}\n", static_cast<int>(incoming->kind), static_cast<int>(incoming->opcode),
                            incoming->close_code, incoming->payload, incoming->problem);
            if (incoming->kind >= Incoming::Kind::close) return found;
        }
        REQUIRE(piece.empty());
    }
    return found;
}

}  // namespace

void fuzz(std::string_view input) {
    Pieces pieces(input);
    const std::string_view wire = pieces.wire();
    const std::string at_once = read(wire, [&] { return wire.size(); });
    REQUIRE(at_once == read(wire, [&] { return pieces.next(); }));

    const std::string_view payload = wire.substr(0, message_bytes_max);
    std::string frame;
    workload::append_frame(frame, workload::Opcode::binary, payload,
                           static_cast<std::uint32_t>(wire.size()) * 2654435761U);
    Decoder decoder(message_bytes_max, true);
    std::string_view rest = frame;
    const auto incoming = decoder.next(rest);
    REQUIRE(incoming && incoming->kind == Incoming::Kind::message && incoming->payload == payload && rest.empty());
}

}  // namespace squall::fuzz
