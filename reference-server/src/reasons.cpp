#include "reference-server/src/reasons.hpp"

#include <cerrno>

namespace squall::reference {

std::string_view name(Protocol protocol) {
    return protocol == Protocol::sse ? "sse" : "websocket";
}

std::string_view name(Reason reason) {
    switch (reason) {
        case Reason::client_closed:
            return "client_closed";
        case Reason::client_reset:
            return "client_reset";
        case Reason::slow_consumer:
            return "slow_consumer";
        case Reason::slow_share:
            return "slow_share";
        case Reason::memory_budget:
            return "memory_budget";
        case Reason::write_timeout:
            return "write_timeout";
        case Reason::pong_timeout:
            return "pong_timeout";
        case Reason::idle_timeout:
            return "idle_timeout";
        case Reason::peer_unreachable:
            return "peer_unreachable";
        case Reason::protocol_error:
            return "protocol_error";
        case Reason::message_too_big:
            return "message_too_big";
        case Reason::drain:
            return "drain";
        case Reason::internal_error:
            return "internal_error";
    }
    return "internal_error";
}

std::string_view name(Refusal refusal) {
    switch (refusal) {
        case Refusal::timeout:
            return "timeout";
        case Refusal::bad_request:
            return "bad_request";
        case Refusal::not_found:
            return "not_found";
        case Refusal::method_not_allowed:
            return "method_not_allowed";
        case Refusal::over_capacity:
            return "over_capacity";
        case Refusal::over_rate:
            return "over_rate";
        case Refusal::draining:
            return "draining";
        case Refusal::bad_upgrade:
            return "bad_upgrade";
        case Refusal::closed_early:
            return "closed_early";
    }
    return "bad_request";
}

Reason reason_of_errno(int error) {
    switch (error) {
        case ECONNRESET:
        case EPIPE:
        case ECONNABORTED:
            return Reason::client_reset;
        case ETIMEDOUT:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case EHOSTDOWN:
        case ENETDOWN:
            return Reason::peer_unreachable;
        default:
            return Reason::internal_error;
    }
}

}  // namespace squall::reference
