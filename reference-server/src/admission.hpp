// Who is let in, and what is accepted.
#pragma once

#include <optional>

#include "reference-server/src/hub.hpp"

namespace squall::reference {

// Whether max_connections leaves room for one more subscriber.
bool has_room(const Hub& hub);

// Whether one more subscriber fits, in number and in pace; otherwise why not. It counts against handshake_rate_max.
std::optional<Refusal> admit_session(Hub& hub, Clock::time_point now);

// Whether one more TCP connection fits, whatever it is going to ask for.
bool admit_socket(const Hub& hub);

// Whether the topic takes a message now: status 200, or the refusal.
PublishResult admit_publish(const Hub& hub, const Topic& topic, Clock::time_point now);

}  // namespace squall::reference
