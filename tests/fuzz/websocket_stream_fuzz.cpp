// A WebSocket connection as a client reads it; and what the reference server's framing writes, it reads back.
#include "suites/workload/websocket_stream.hpp"

#include "reference-server/src/ws_frame.hpp"
#include "tests/fuzz/noting_sink.hpp"

namespace squall::fuzz {

void fuzz(std::string_view input) {
    const Pieces pieces(input);
    require_same_however_cut([] { return workload::WebSocketStream(run, everything); }, pieces);

    const std::string_view payload = pieces.wire().substr(0, reference::ws::control_payload_max);
    NotingSink sink;
    workload::WebSocketStream stream(run);
    const std::string frame = reference::ws::frame(reference::ws::Opcode::ping, payload);
    REQUIRE(stream.feed(frame, sink).state == workload::Progress::State::open);
    REQUIRE(sink.notes == fmt::format("ping {}\n", payload));
}

}  // namespace squall::fuzz
