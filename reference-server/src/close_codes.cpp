// Which WebSocket close code announces which disconnect reason.
#include "reference-server/src/reasons.hpp"

namespace squall::reference {

std::uint16_t close_code(Reason reason) {
    switch (reason) {
        // The client goes, or is no longer using the connection: a normal closure.
        case Reason::client_closed:
        case Reason::client_reset:
        case Reason::idle_timeout:
            return 1000;
        case Reason::drain:
            return 1001;
        case Reason::protocol_error:
            return 1002;
        case Reason::message_too_big:
            return 1009;
        // "Try again later": the server sheds load, the client may come back.
        case Reason::slow_consumer:
        case Reason::slow_share:
        case Reason::memory_budget:
        case Reason::write_timeout:
            return 1013;
        case Reason::pong_timeout:
        case Reason::peer_unreachable:
        case Reason::internal_error:
            return 1011;
    }
    return 1011;
}

}  // namespace squall::reference
