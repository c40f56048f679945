// The book-keeping of messages in queues: every change of a queue is entered here, and nowhere else.
#pragma once

#include <optional>

#include "reference-server/src/message.hpp"
#include "reference-server/src/metrics.hpp"

namespace squall::reference::ledger {

// A message entered a connection's queue.
void enqueued(Metrics& metrics, Protocol protocol, const Message& message);

// The kernel took its last byte. Empty latency: it was replayed, and its age says nothing about delivery.
void delivered(Metrics& metrics, Protocol protocol, const Message& message, std::optional<Clock::duration> latency);

// It made room for a newer one, under policy drop-oldest.
void dropped(Metrics& metrics, Protocol protocol, const Message& message);

// It was still in the queue when the connection ended.
void undelivered(Metrics& metrics, Protocol protocol, const Message& message);

void connected(Metrics& metrics, Protocol protocol);
void disconnected(Metrics& metrics, Protocol protocol, Reason reason);

}  // namespace squall::reference::ledger
