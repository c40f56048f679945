// What happens when, sorted; computed from a scenario alone, so that the same seed gives the same schedule.
#pragma once

#include <variant>
#include <vector>

#include "suites/model/scenario.hpp"

namespace squall {

struct BeginPhase {
    std::size_t phase;
};
struct EndPhase {
    std::size_t phase;
};
struct Inject {
    std::size_t phase;
    std::size_t fault;
};
struct Heal {
    std::size_t phase;
    std::size_t fault;
};
struct StartLoad {};
struct StopLoad {};
struct Finish {};

struct Step {
    Nanos at = 0;  ///< since the first phase's start, which is when every subscriber is connected
    std::variant<BeginPhase, EndPhase, Inject, Heal, StartLoad, StopLoad, Finish> action;
};

/// Ordered by time; at one instant: heal (the last injected first), end phase, stop load, begin phase, start load,
/// inject, finish. A fault is healed at the end of its phase at the latest. The run finishes with its last phase, or
/// when what was in flight as the load stopped has had `settle` to arrive, whichever is later.
std::vector<Step> timeline(const Scenario& scenario);

}  // namespace squall
