#include "reference-server/src/admission.hpp"

#include "reference-server/src/http_connection.hpp"
#include "reference-server/src/session.hpp"

namespace squall::reference {

bool has_room(const Hub& hub) {
    return hub.sessions.size() < hub.config.max_connections;
}

std::optional<Refusal> admit_session(Hub& hub, Clock::time_point now) {
    if (hub.draining) return Refusal::draining;
    if (!has_room(hub)) return Refusal::over_capacity;
    if (!hub.handshakes.take(now)) return Refusal::over_rate;
    return std::nullopt;
}

bool admit_socket(const Hub& hub) {
    return hub.sessions.size() + hub.http_connections.size() < hub.config.max_connections + other_sockets_max;
}

PublishResult admit_publish(const Hub& hub, const Topic& topic, Clock::time_point now) {
    if (hub.draining) return {503, 0, "draining"};
    if (now < hub.over_budget_until) return {503, 0, "over_budget"};
    if (topic.paused_by != 0) return {429, 0, "paused"};
    return {};
}

}  // namespace squall::reference
