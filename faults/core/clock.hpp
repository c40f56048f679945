// The two clocks of a run: CLOCK_MONOTONIC for everything, CLOCK_REALTIME where the kernel or a log speaks in it.
#pragma once

#include <ctime>

#include "faults/core/units.hpp"

namespace squall {

inline Nanos clock_now(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return now.tv_sec * nanos_per_second + now.tv_nsec;
}
inline Nanos monotonic_now() {
    return clock_now(CLOCK_MONOTONIC);
}
inline Nanos realtime_now() {
    return clock_now(CLOCK_REALTIME);
}

}  // namespace squall
