// Who is let in, and what is accepted.
#pragma once

#include <optional>

#include "reference-server/src/hub.hpp"

namespace squall::reference {

// Whether one more subscriber fits; otherwise why not.
std::optional<Refusal> admit_session(const Hub& hub);

// Whether one more TCP connection fits, whatever it is going to ask for.
bool admit_socket(const Hub& hub);

// Whether the topic takes a message now: status 200, or the refusal.
PublishResult admit_publish(const Hub& hub, const Topic& topic, Clock::time_point now);

}  // namespace squall::reference
