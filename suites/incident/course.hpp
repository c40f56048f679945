// The course of a value over time.
#pragma once

#include "suites/incident/recording.hpp"

namespace squall::incident {

/// Between two points: a straight line; before the first and behind the last: as these.
double course_at(const std::vector<Point>& points, double at_s);

/// Of several courses, at all their instants: their sum, or the largest. Outside of its own points a course adds
/// nothing: what was recorded had ended, or not begun. But what has begun (ended) within less than a median step of the
/// first (last) of all is only recorded at another instant than that, and of a single point each, all last throughout.
/// So do counts.
enum class Together { sum, sum_of_counts, largest };
std::vector<Point> put_together(const std::vector<std::vector<Point>>& courses, Together how);

/// The fewest points whose straight lines keep within `tolerance` of the others (Douglas and Peucker, 1973).
std::vector<Point> simplified(const std::vector<Point>& points, double tolerance);

}  // namespace squall::incident
