// The closed vocabularies of the server: protocols, disconnect reasons, handshake failure causes.
//
// The same names stand in the code, the metrics' labels and the log, so that the three can be reconciled by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace squall::reference {

enum class Protocol : std::uint8_t { sse, websocket };
inline constexpr std::size_t protocol_count = 2;
inline constexpr std::array<Protocol, protocol_count> all_protocols = {Protocol::sse, Protocol::websocket};

// Why a connection that was accepted as a subscriber or publisher stream ended. Exactly one per connection.
enum class Reason : std::uint8_t {
    client_closed,     // the client sent a WebSocket close frame, or ended its side of the TCP connection (FIN)
    client_reset,      // the client's TCP reset the connection (RST)
    slow_consumer,     // its queue stood at the high-water mark for slow_consumer_deadline, under policy evict
    slow_share,        // more than slow_share_max of all connections were slow, so all slow ones were evicted
    memory_budget,     // queued messages exceeded queued_share_max of memory_budget, and it was among the slowest
    write_timeout,     // a write made no progress for write_deadline
    pong_timeout,      // a WebSocket ping was not answered within pong_deadline
    idle_timeout,      // nothing was heard from the peer for idle_timeout
    peer_unreachable,  // TCP gave up: keepalive or TCP_USER_TIMEOUT expired, or the route to the host is gone
    protocol_error,    // the client broke RFC 6455
    message_too_big,   // the client sent a message longer than message_bytes_max
    drain,             // the server is shutting down
    internal_error,    // the server could not go on with this connection (an unforeseen errno)
};
inline constexpr std::size_t reason_count = 13;
inline constexpr std::array<Reason, reason_count> all_reasons = {
    Reason::client_closed,    Reason::client_reset,   Reason::slow_consumer,   Reason::slow_share,
    Reason::memory_budget,    Reason::write_timeout,  Reason::pong_timeout,    Reason::idle_timeout,
    Reason::peer_unreachable, Reason::protocol_error, Reason::message_too_big, Reason::drain,
    Reason::internal_error};

// Why a TCP connection never became a stream. A refused publish is not a handshake failure: see
// push_messages_rejected_total.
enum class Refusal : std::uint8_t {
    timeout,             // the request was not complete within handshake_deadline
    bad_request,         // malformed or oversized HTTP, no topic, or an unreadable Last-Event-ID
    not_found,           // no such path
    method_not_allowed,  // the path exists, the method does not
    over_capacity,       // max_connections, topics_max or the socket limit is reached
    over_rate,           // handshake_rate_max is reached
    draining,            // the server is shutting down
    bad_upgrade,         // not a valid WebSocket opening handshake
    closed_early,        // the client left before its request was complete
};
inline constexpr std::size_t refusal_count = 9;
inline constexpr std::array<Refusal, refusal_count> all_refusals = {
    Refusal::timeout,   Refusal::bad_request, Refusal::not_found,   Refusal::method_not_allowed, Refusal::over_capacity,
    Refusal::over_rate, Refusal::draining,    Refusal::bad_upgrade, Refusal::closed_early};

std::string_view name(Protocol protocol);
std::string_view name(Reason reason);
std::string_view name(Refusal refusal);

// The WebSocket close code (RFC 6455, section 7.4, and the IANA registry for 1013) that announces `reason`.
std::uint16_t close_code(Reason reason);

// What the operating system's errno says about the peer.
Reason reason_of_errno(int error);

}  // namespace squall::reference
