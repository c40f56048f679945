// The course of a value over time.
#pragma once

#include "suites/incident/recording.hpp"

namespace squall::incident {

/// Between two points: a straight line; before the first and behind the last: as these.
double course_at(const std::vector<Point>& points, double at_s);

/// The fewest points whose straight lines keep within `tolerance` of the others (Douglas and Peucker, 1973).
std::vector<Point> simplified(const std::vector<Point>& points, double tolerance);

}  // namespace squall::incident
