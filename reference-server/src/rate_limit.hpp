// So many a second, and no more than a second's worth at once.
#pragma once

#include <cstdint>

#include "reference-server/src/message.hpp"

namespace squall::reference {

class RateLimit {
public:
    // 0: no limit.
    explicit RateLimit(std::uint64_t per_second) : per_second_(per_second) {}

    // Whether one more may pass now; it then counts. `now` must not go backwards.
    bool take(Clock::time_point now);

private:
    std::uint64_t per_second_;
    Clock::time_point used_up_to_{};  // what could pass until then has passed, or was not saved
};

}  // namespace squall::reference
