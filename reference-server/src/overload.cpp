#include "reference-server/src/overload.hpp"

#include <algorithm>

#include "reference-server/src/session.hpp"

namespace squall::reference {

std::uint64_t queued_bytes_limit(const Config& config) {
    return static_cast<std::uint64_t>(config.queued_share_max * static_cast<double>(config.memory_budget));
}

void relieve_memory(Hub& hub, Clock::time_point now) {
    const std::uint64_t limit = queued_bytes_limit(hub.config);
    if (hub.metrics.held_bytes <= limit) return;
    hub.flush_dirty();  // what only waited for the end of the turn is nobody's fault
    if (hub.metrics.held_bytes <= limit) return;

    hub.over_budget_until = now + retry_after;
    std::vector<Session*> longest = hub.sessions.snapshot();
    std::erase_if(longest, [](const Session* session) { return !session->open() || session->queue().empty(); });
    std::sort(longest.begin(), longest.end(),
              [](const Session* a, const Session* b) { return a->queue().bytes() > b->queue().bytes(); });
    for (Session* session : longest) {
        if (hub.metrics.held_bytes <= limit / 5 * 4) break;
        session->end(Reason::memory_budget);
    }
}

double slow_connections_max(const Config& config, std::size_t connections) {
    return std::max(1.0, config.slow_share_max * static_cast<double>(connections));
}

void evict_when_too_many_are_slow(Hub& hub, Clock::time_point now) {
    const auto slow = static_cast<double>(hub.metrics.slow_consumers);
    if (slow <= slow_connections_max(hub.config, hub.sessions.size())) return;
    hub.slow_share_until = now + retry_after;
    for (Session* session : hub.sessions.snapshot()) {
        if (session->slow()) session->end(Reason::slow_share);
    }
}

}  // namespace squall::reference
