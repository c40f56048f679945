#include "reference-server/src/ledger.hpp"

#include <algorithm>

namespace squall::reference {

void count_handshake_failure(Metrics& metrics, Refusal refusal) {
    ++metrics.handshake_failures[static_cast<std::size_t>(refusal)];
}

void count_rejected_publish(Metrics& metrics, int status) {
    const auto* at = std::find(publish_refusal_codes.begin(), publish_refusal_codes.end(), status);
    if (at != publish_refusal_codes.end()) ++metrics.messages_rejected[at - publish_refusal_codes.begin()];
}

namespace ledger {
namespace {

void leaves_queue(Metrics& metrics, Protocol protocol, const Message& message) {
    --metrics.queued_messages[protocol];
    metrics.queued_bytes[protocol] -= message.encoded_bytes(protocol);
    if (--message.queues_holding == 0) metrics.held_bytes -= message.memory_bytes();
}

}  // namespace

void enqueued(Metrics& metrics, Protocol protocol, const Message& message) {
    ++metrics.enqueued[protocol];
    ++metrics.queued_messages[protocol];
    metrics.queued_bytes[protocol] += message.encoded_bytes(protocol);
    if (message.queues_holding++ == 0) metrics.held_bytes += message.memory_bytes();
}

void delivered(Metrics& metrics, Protocol protocol, const Message& message, std::optional<Clock::duration> latency) {
    ++metrics.delivered[protocol];
    if (latency) metrics.delivery_latency[protocol].observe(*latency);
    leaves_queue(metrics, protocol, message);
}

void dropped(Metrics& metrics, Protocol protocol, const Message& message) {
    ++metrics.dropped[protocol];
    leaves_queue(metrics, protocol, message);
}

void undelivered(Metrics& metrics, Protocol protocol, const Message& message) {
    ++metrics.undelivered[protocol];
    leaves_queue(metrics, protocol, message);
}

void connected(Metrics& metrics, Protocol protocol) {
    ++metrics.connections[protocol];
    ++metrics.connections_accepted[protocol];
}

void disconnected(Metrics& metrics, Protocol protocol, Reason reason) {
    --metrics.connections[protocol];
    ++metrics.disconnects[protocol][static_cast<std::size_t>(reason)];
}

}  // namespace ledger
}  // namespace squall::reference
