#include "reference-server/src/watermarks.hpp"

namespace squall::reference {

Marks marks_of(const Config& config) {
    return {config.queue_messages_high, config.queue_messages_low, config.queue_bytes_high, config.queue_bytes_low};
}

bool reached_high(const BoundedQueue& queue, const Marks& marks) {
    return queue.messages() >= marks.messages_high || queue.bytes() >= marks.bytes_high;
}

bool would_exceed_high(const BoundedQueue& queue, std::size_t bytes, const Marks& marks) {
    return queue.messages() + 1 > marks.messages_high || queue.bytes() + bytes > marks.bytes_high;
}

bool fell_to_low(const BoundedQueue& queue, const Marks& marks) {
    return queue.messages() <= marks.messages_low && queue.bytes() <= marks.bytes_low;
}

bool beyond_grace(const BoundedQueue& queue, const Marks& marks) {
    return queue.messages() >= 2 * marks.messages_high || queue.bytes() >= 2 * marks.bytes_high;
}

HighMarkAction at_high_mark(const Config& config) {
    switch (config.policy) {
        case Policy::evict:
            return config.slow_consumer_deadline.count() == 0 ? HighMarkAction::evict_now
                                                              : HighMarkAction::evict_after_grace;
        case Policy::drop_oldest:
            return HighMarkAction::make_room;
        case Policy::pause_producer:
            return HighMarkAction::pause_topic;
    }
    return HighMarkAction::evict_now;
}

}  // namespace squall::reference
