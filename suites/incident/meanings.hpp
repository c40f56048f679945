// squall's words for what a record may hold, and the names that the field gives them.
#pragma once

#include <string_view>
#include <vector>

#include "suites/incident/recording.hpp"

namespace squall::incident {

/// How a value changes when the replay has fewer connections, smaller messages and less time: by the product of these
/// powers of (replayed connections / recorded), (replayed bytes / recorded) and (recorded seconds per replayed second).
struct Scaling {
    int connections = 0, bytes = 0, speed = 0;
};

struct Meaning {
    std::string_view word;  ///< a metric of squall's, or what a scenario is made of: "memory.limit"
    Unit unit;
    std::string_view aggregation;  ///< that the replay is compared by; "quantile": the series' own; empty: not compared
    Scaling scaling;
    bool adds_up;  ///< of several series the sum counts; else the largest
    bool counts;   ///< counted from the start of a process, usually: what counts is how fast it rises
    std::string_view doc;
    /// "a b|c !d, e+": has a, and b or c, and not d; or has e in the plural. QUANTILE, BYTES, BANDWIDTH: what the name
    /// or values say. NUMBER: a word that is one. Of several names the first say it best.
    std::string_view names;
};
const std::vector<Meaning>& all_meanings();
const Meaning* find_meaning(std::string_view word);

}  // namespace squall::incident
