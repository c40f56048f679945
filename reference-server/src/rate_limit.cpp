#include "reference-server/src/rate_limit.hpp"

#include <algorithm>

namespace squall::reference {

// The generic cell rate algorithm (ITU-T I.371): a token bucket whose level is an instant.
bool RateLimit::take(Clock::time_point now) {
    if (per_second_ == 0) return true;
    constexpr Clock::duration saved_max = std::chrono::seconds(1);
    const Clock::duration each = saved_max / per_second_;
    const Clock::time_point used_up_to = std::max(used_up_to_, now - saved_max);
    if (used_up_to + each > now) return false;
    used_up_to_ = used_up_to + each;
    return true;
}

}  // namespace squall::reference
