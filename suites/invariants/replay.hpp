// A replay held against the record of the incident that it replays: the same series side by side, and how alike they
// are. Pure, as the judge is. Described in docs/reference/scenario.md, "Record".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/metrics/history.hpp"
#include "suites/model/scenario.hpp"

namespace squall {

/// What lies further apart than this counts as being just so far apart: nought has no logarithm.
inline constexpr double factor_max = 1000;

struct Likeness {
    /// The typical factor between the two, from 1 (the same) to factor_max: exp(median |ln(replayed / recorded)|) over
    /// the instants, after Morley, Brito & Welling, doi:10.1002/2017SW001669. None: it cannot be told.
    std::optional<double> factor;
    /// Spearman's: do they rise and fall together? -1 to 1. None: it cannot be told.
    std::optional<double> rank_correlation;
    std::string problem;  ///< why one of them, or both, cannot be told
};

/// `recorded` and `replayed` by instant; the replay may lack some.
Likeness likeness(const std::vector<Point>& recorded, const std::vector<Point>& replayed);

struct ComparedSeries {
    RecordedSeries series;
    std::vector<Point> recorded;  ///< scaled, on the replay's clock
    std::vector<Point> replayed;  ///< the measure at those instants at which there was something to be measured
    Likeness likeness;
};

struct Replay {
    std::string problem;  ///< why nothing can be compared: the phase that the record begins with was not played
    Nanos zero = 0;       ///< the record's first instant, on the run's clock
    std::vector<ComparedSeries> series;

    /// The geometric mean of the series' factors; one that cannot be told counts as factor_max. None: of no series can
    /// it be told.
    std::optional<double> factor() const;
};

/// Of a scenario that has a record.
Replay compare_with_record(const Scenario& scenario, const History& history);

/// `series.measure` over the run in steps of its own, for a plot: as wide as the record's median step, but a fortieth
/// of the run at most and half a second at least.
std::vector<Point> drawn_replay(const RecordedSeries& series, double speed, const History& history);

}  // namespace squall
