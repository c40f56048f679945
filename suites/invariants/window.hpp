// From the words of an expression to a stretch of the run that was really played.
#pragma once

#include <string>

#include "suites/metrics/history.hpp"
#include "suites/model/scenario.hpp"

namespace squall {

/// [start, end). The closed end of a counter's `within` is the nanosecond after it.
struct Window {
    Nanos start = 0;
    Nanos end = 0;
    Nanos earliest = 0;   ///< of a `within` on anything but counters: the instant it counts from; else `start`
    std::string problem;  ///< why there is none: a phase that was not played, an instant behind the run

    bool holds(Nanos at) const { return start <= at && at < end; }
    /// A slice of a distribution belongs to the window that its middle lies in: the one that has at least half of it,
    /// and one only.
    bool holds_slice(std::int64_t slice) const { return holds(slice * slice_length + slice_length / 2); }
};

/// `grace`: as if the limit of a `within` were so much longer.
Window window_of(const Expression& expression, const Names& names, const History& history, Nanos grace = 0);
Window span_window(const std::string& name, const History& history);

}  // namespace squall
