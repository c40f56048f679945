// What the server does when the sum of its connections is too much, though each by itself is within its bound.
#pragma once

#include "reference-server/src/hub.hpp"

namespace squall::reference {

// Memory that queued messages may hold: queued_share_max of memory_budget, in bytes.
std::uint64_t queued_bytes_limit(const Config& config);

// Above that limit: offers everything to the kernel once more, then evicts the connections with the longest queues,
// reason memory_budget, until four fifths of the limit are reached; publishes are refused for retry_after.
void relieve_memory(Hub& hub, Clock::time_point now);

// More than this many slow connections are evicted en masse. At least one: a single slow reader among a hundred is
// the policy's business.
double slow_connections_max(const Config& config, std::size_t connections);

// Evicts all slow connections, reason slow_share, when there are more of them than that.
void evict_when_too_many_are_slow(Hub& hub, Clock::time_point now);

}  // namespace squall::reference
