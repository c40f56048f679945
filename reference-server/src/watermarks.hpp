// When a queue counts as long, and when as short again.
#pragma once

#include "reference-server/src/bounded_queue.hpp"
#include "reference-server/src/config.hpp"

namespace squall::reference {

Marks marks_of(const Config& config);

// At or above the high-water mark in messages or in bytes, whichever comes first.
bool reached_high(const BoundedQueue& queue, const Marks& marks);

// Whether one more message of `bytes` would go beyond the high-water mark.
bool would_exceed_high(const BoundedQueue& queue, std::size_t bytes, const Marks& marks);

// At or below the low-water marks in messages and in bytes.
bool fell_to_low(const BoundedQueue& queue, const Marks& marks);

// The most a queue may hold while slow_consumer_deadline runs: twice the high-water mark. Without it, a grace period
// would be a queue without a bound.
bool beyond_grace(const BoundedQueue& queue, const Marks& marks);

// What a connection that has just reached its high-water mark meets.
enum class HighMarkAction : std::uint8_t {
    evict_now,          // end it, reason slow_consumer
    evict_after_grace,  // end it when slow_consumer_deadline has passed, unless it falls to its low-water mark
    make_room,          // drop its oldest message for every new one
    pause_topic,        // refuse publishes to its topic until it falls to its low-water mark
};
HighMarkAction at_high_mark(const Config& config);

}  // namespace squall::reference
