// Plots over a run's time as inline SVG: drawn when the file is written, legible without script and without style.
//
// Widths are shares of the page's, heights are pixels: a plot is as wide as there is room, and its letters stay as they
// are. Colours are Okabe and Ito's, which the colour-blind can tell apart; lines differ in their dashes besides.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/metrics/history.hpp"

namespace squall::report {

/// What all plots of a run have in the background.
struct Scene {
    struct Spell {
        std::string name;
        Nanos start = 0;
        Nanos end = 0;
    };
    struct Mark {
        Nanos at = 0;
        std::size_t finding = 0;  ///< its number, as in the table
        std::string name;
    };
    Nanos end = 0;
    std::vector<Spell> phases;
    std::vector<Spell> faults;
    std::vector<Mark> marks;  ///< when violations began
};

struct Line {
    std::string name;
    std::vector<Point> points = {};  ///< by time, in base units
    std::size_t style = 0;           ///< 0 to 7: colour and dashes
    bool whole = false;              ///< not broken, however far its points are apart
};

/// What an invariant allows, for as long as it asks for it.
struct Limit {
    double value = 0;
    Nanos start = 0;
    Nanos end = 0;
    std::size_t finding = 0;
    bool violated = false;
};

struct Plot {
    std::string id;     ///< letters and dashes
    std::string title;  ///< with the unit, where ticks have none
    std::string note = {};
    Dimension dimension = {};
    bool percent = false;
    std::vector<Line> lines = {};
    std::vector<Limit> limits = {};
    Nanos step = slice_length;  ///< between samples: where more than four are missing, a line is broken
};

/// Points that are drawn of one line at most, however long the run was.
inline constexpr std::size_t points_drawn_max = 600;
/// Rows of the table beside a plot.
inline constexpr std::size_t rows_shown_max = 120;

/// The least and the greatest of each of `columns` equal stretches of [0, end], by time.
std::vector<Point> thinned(const std::vector<Point>& points, Nanos end, std::size_t columns);

/// The figure: caption, legend, SVG, and its figures as a table that opens. Empty without a point.
std::string draw(const Plot& plot, const Scene& scene);

/// Phases and faults as bars, violations as marks: the key to every other plot. Empty without a phase.
std::string draw_timeline(const Scene& scene);

/// Distributions side by side: how many of all values (0..1) lie in each bucket of equal width on a logarithmic axis.
struct Distribution {
    std::string name;
    Histogram values;
};
std::string draw_distributions(const std::string& id, const std::string& title,
                               const std::vector<Distribution>& distributions);

}  // namespace squall::report
