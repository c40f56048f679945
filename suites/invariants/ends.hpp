// The events that are a connection's end, and what both books ask about them.
#pragma once

#include "suites/metrics/history.hpp"

namespace squall {

inline bool is_end(const Event& event) {
    return event.metric == "disconnects" || event.metric == "hangups";
}

/// No packet told the target of this end: it finds out later, and maybe later than the run lasts.
inline bool kept_from_target(const Event& end) {
    const std::string how = label(end.labels, "how");
    const std::string seen = label(end.labels, "seen");
    return how == "vanish" || how == "lost" || seen == "lost" || seen == "timeout" ||
           label(end.labels, "blind") == "cut_off";
}

}  // namespace squall
