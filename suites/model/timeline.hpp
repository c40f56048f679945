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
    std::size_t occurrence;  ///< from 0: of those that occurrences() gives
};
struct Heal {
    std::size_t phase;
    std::size_t fault;
    Nanos since;  ///< when it was injected, as Step::at
};
struct StartLoad {};
struct StopLoad {};
struct Finish {};

struct Step {
    Nanos at = 0;  ///< since the first phase's start, which is when every subscriber is connected
    std::variant<BeginPhase, EndPhase, Inject, Heal, StartLoad, StopLoad, Finish> action;
};

/// One of the times that a fault is in force, since its phase's start.
struct Occurrence {
    Nanos from = 0;
    Nanos until = 0;
    Aim aim;  ///< each time others, where it is at a share
};

/// How often: once, or as many times as fit into the phase for certain, whatever the jitter.
std::size_t times_of(const FaultUse& use, Nanos phase_duration);
/// In order; they do not overlap in a scenario that has been parsed.
std::vector<Occurrence> occurrences(const FaultUse& use, Nanos phase_duration);

/// Ordered by time; at one instant: heal (the last injected first), end phase, stop load, begin phase, start load,
/// inject, finish. A fault is healed at the end of its phase at the latest. The run finishes with its last phase, or
/// when what was in flight as the load stopped has had `settle` to arrive, whichever is later.
std::vector<Step> timeline(const Scenario& scenario);

}  // namespace squall
