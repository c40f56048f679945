// What of a measured time may be the host's doing and not the target's: the rig's own lag, CPU time that others
// took from the target, and stalls of all that runs on it. The rules stand in docs/reference/expressions.md, "The
// host's share".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/invariants/series.hpp"
#include "suites/model/scenario.hpp"

namespace squall {

/// The host ran nothing of the rig's that has no priority.
struct Stall {
    Nanos start, end;
};
/// The longest that could have had a part in what was seen in the window: past 1 s, and until as much time again has
/// passed, for what it held up to be worked off.
std::optional<Stall> stall_in(const History& history, const Window& window);

/// The rig's own share of the latencies in the window, as a sentence; "" when it is within the scenario's limit.
std::string rig_problem(const Scenario& scenario, const History& history, const Window& window);

class HostShare {
public:
    HostShare(const Scenario& scenario, const History& history);

    /// In seconds: how much too long `measured` seconds of a latency or of a silence may be. 0 for anything else.
    double of(const Measurement& measurement, double measured, const Window& window) const;

    /// The part of it that is owed to messages that the rig could not time.
    double untimed(const Measurement& measurement, double measured, const Window& window) const;

    /// CPU seconds that others took from the target in [from, to).
    double stolen(Nanos from, Nanos to) const;

private:
    /// A sample tells of the time since the one before it.
    struct Taken {
        Nanos from, to;
        double seconds;
    };
    double rig_lag(Aggregation aggregation, const Window& window) const;
    double most_stolen(double span, const Window& window) const;
    double likely_stolen(Aggregation aggregation, double span, const Window& window) const;

    const History& history_;
    std::vector<std::vector<Taken>> hosts_;  // shards run on hosts of their own
};

}  // namespace squall
