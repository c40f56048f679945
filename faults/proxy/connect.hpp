// How the proxy comes to a connection with the target.
#pragma once

#include <cstdint>
#include <functional>

#include "faults/core/clients.hpp"

namespace squall::proxy {

/// A non-blocking socket that has begun to connect, from a port that `is_lost` does not hold back: packets of such a
/// one fall on the floor. Errors: no descriptor, no route, or no port that is not lost.
Result<int> begin_connecting(const Endpoint& upstream, const std::function<bool(std::uint16_t)>& is_lost);

}  // namespace squall::proxy
