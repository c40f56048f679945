// The events that are a connection's end, whose they are, and what everybody has to know of them.
#pragma once

#include <string>
#include <utility>

#include "suites/metrics/history.hpp"

namespace squall {

inline bool is_end(const Event& event) {
    return event.metric == "disconnects" || event.metric == "hangups";
}

/// A name, and the shard that gave it: each shard numbers its connections for itself.
using Sharded = std::pair<std::string, std::string>;

inline Sharded cohort_of(const Labels& labels) {
    return {label(labels, "cohort"), label(labels, "shard")};
}

/// The client did not look, or nothing that it saw has to be what the target sent: it learns of its end late or never.
inline bool blind(const Labels& end) {
    return !label(end, "blind").empty() || label(end, "seen") == "lost";
}

/// Its process was ended by a fault while it was open, and had no time to declare what it knew of it.
inline bool killed(const Event& end) {
    return !label(end.labels, "killed").empty();
}

/// No packet told the target of this end: it finds out later, and maybe later than the run lasts.
inline bool kept_from_target(const Event& end) {
    const std::string how = label(end.labels, "how");
    const std::string seen = label(end.labels, "seen");
    return how == "vanish" || how == "lost" || seen == "lost" || seen == "timeout" ||
           label(end.labels, "blind") == "cut_off";
}

}  // namespace squall
