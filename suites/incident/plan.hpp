// From what was recorded to what is replayed: how many connections, how much is published, who is slow, what is capped
// and when, in the replay's own seconds and bytes. What the record does not say is chosen here, and said.
#pragma once

#include "suites/incident/recognise.hpp"

namespace squall::incident {

struct PlanOptions {
    double scale = 0;  ///< recorded connections for each replayed one; 0: the least round number that fits one machine
    double speed = 0;  ///< recorded seconds per replayed second; 0: the least round number that ends within two minutes
};

/// What was decided, and by what.
struct Decision {
    enum class By { record, inference, default_value } by = By::record;
    std::string what;  ///< "connections"
    std::string text;
};
std::string_view to_string(Decision::By by);  ///< "recorded", "inferred", "chosen"

/// Something that is so for a while; seconds since the replay's start.
struct Spell {
    double from_s = 0, until_s = 0;
    double value = 0;
};

/// Connections that come or leave while it lasts.
struct Movement {
    double from_s = 0, until_s = 0;
    std::uint32_t connections = 0;
    bool join = false;
};

struct Plan {
    double scale = 1, speed = 1;
    double shrink = 1;      ///< recorded bytes of a message for each replayed one
    double begin_s = 0;     ///< the record's first instant, since the replay's start
    double baseline_s = 2;  ///< everybody is connected, and queues are short still
    double end_s = 0;       ///< of the replay

    std::uint32_t healthy = 0, slow = 0;  ///< connections at the start
    std::vector<Movement> movements;
    std::vector<Spell> slowed;        ///< so many of the healthy are slow for a while
    double slow_rate = 0;             ///< bytes per second that each slow reader takes
    double queue_bound = 100;         ///< messages: what operators usually have
    std::vector<Point> publish_rate;  ///< per second, straight lines between; one point: constant
    std::vector<double> turns;        ///< instants at which that turns: a phase begins at each
    std::uint32_t message_bytes = 0;
    std::optional<double> memory_headroom;  ///< bytes beyond what the target has at first
    bool memory_imposed = false;            ///< else it is judged only
    std::vector<Point> cpu_cap;             ///< cores, in steps; empty: none
    std::vector<double> kills;              ///< instants
    std::vector<Spell> churn;               ///< connections per second that leave and come back

    std::vector<Decision> decisions;

    double published_at_first() const;  ///< per second; 0: nothing ever is
};

/// Error: what is asked for cannot be replayed (a scale that leaves no connection).
Result<Plan> plan_replay(const Recording& recording, const Recognition& recognition, const PlanOptions& options);

/// What a recorded value is multiplied by.
double replayed_scale(const Plan& plan, const Scaling& scaling);

}  // namespace squall::incident
