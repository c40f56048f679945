// What plots are made of. Positions over time are shares of the width, so that a plot fits a telephone and a printed
// page.
#pragma once

#include <string>

#include "suites/report/axis.hpp"
#include "suites/report/plot.hpp"

namespace squall::report::svg {

/// Room for the names of phases above a plot, the plot itself, and the ticks below it.
inline constexpr double top = 18, height = 150, bottom = 22;

/// "12.34%" of the run.
std::string at(Nanos when, Nanos end);

/// ` class="…" stroke="…" stroke-dasharray="…"`: attributes, so that there is colour where style is forbidden.
std::string stroke(std::size_t style);
/// A short line in that style, for a legend.
std::string sample(std::size_t style);

/// A line and a label for each tick of the upright axis, the greatest so many pixels below the top.
std::string grid(const Axis& axis, double from_top);
/// Shaded faults and the beginnings of phases, `tall` pixels from the top.
std::string background(const Scene& scene, double tall);
/// Where violations began: lines, and flags so many pixels from the top.
std::string marks(const Scene& scene, double tall, double flags_at = top);
/// Seconds below a plot, at `y`.
std::string time_ticks(Nanos end, double y);

/// The picture: `inside` drawn in so many pixels, named for those who cannot see it.
std::string picture(const std::string& name, Nanos end, double tall, const std::string& inside);

}  // namespace squall::report::svg
