// A message's way from the publisher into the queues.
#include "reference-server/src/admission.hpp"
#include "reference-server/src/hub.hpp"
#include "reference-server/src/overload.hpp"
#include "reference-server/src/session.hpp"

namespace squall::reference {
namespace {

// Publishes of one turn leave together, in one system call a connection. Their number is bounded so that a queue is
// long because its reader is slow, and not because the server put off writing.
constexpr std::uint32_t publishes_per_flush_max = 8;

void fan_out(Topic& topic, const MessagePtr& message) {
    // Backwards, because a session that ends on the way takes itself out and the last one moves into its place.
    for (std::size_t i = topic.subscribers.size(); i-- > 0;)
        topic.subscribers[i]->enqueue(message);
}

}  // namespace

PublishResult Hub::publish(Topic& topic, std::string_view payload) {
    const Clock::time_point now = Clock::now();
    if (const PublishResult refused = admit_publish(*this, topic, now); refused.status != 200) {
        count_rejected_publish(metrics, refused.status);
        return refused;
    }
    const MessagePtr message(new Message(++topic.last_id, now, payload));
    ++metrics.messages_accepted;
    replay(topic, message);
    fan_out(topic, message);
    if (++unflushed_publishes_ >= publishes_per_flush_max) flush_dirty();
    relieve_memory(*this, now);
    return {200, message->id(), {}};
}

void Hub::replay(Topic& topic, const MessagePtr& message) {
    metrics.replay_bytes += static_cast<std::uint64_t>(topic.ring.push(message));
    const double limit = config.replay_share_max * static_cast<double>(config.memory_budget);
    while (static_cast<double>(metrics.replay_bytes) > limit) {
        const std::uint64_t freed = topic.ring.drop_oldest();
        if (freed == 0) break;
        metrics.replay_bytes -= freed;
    }
}

}  // namespace squall::reference
