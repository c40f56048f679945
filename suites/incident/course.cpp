#include "suites/incident/course.hpp"

#include <algorithm>
#include <cmath>

namespace squall::incident {
namespace {

void keep(const std::vector<Point>& points, std::size_t from, std::size_t to, double tolerance,
          std::vector<bool>& kept) {
    std::vector<std::pair<std::size_t, std::size_t>> spans{{from, to}};
    while (!spans.empty()) {
        const auto [a, b] = spans.back();
        spans.pop_back();
        double worst = tolerance;
        std::size_t at = a;
        for (std::size_t i = a + 1; i < b; ++i) {
            const double line = points[a].value + (points[b].value - points[a].value) *
                                                      (points[i].at_s - points[a].at_s) /
                                                      (points[b].at_s - points[a].at_s);
            if (const double off = std::fabs(points[i].value - line); off > worst) {
                worst = off;
                at = i;
            }
        }
        if (at == a) continue;
        kept[at] = true;
        spans.push_back({a, at});
        spans.push_back({at, b});
    }
}

/// Of so many points that a search among all of them takes minutes: the least and the most of each of some spells.
std::vector<Point> thinned(const std::vector<Point>& points) {
    constexpr std::size_t spells = 1000, most_points = 2 * spells;
    if (points.size() <= most_points) return points;
    const std::size_t each = (points.size() + spells - 1) / spells;
    std::vector<Point> few{points.front()};
    const auto add = [&](const Point& point) {
        if (point.at_s > few.back().at_s) few.push_back(point);
    };
    for (auto begin = points.begin(); begin != points.end();) {
        const auto end = begin + static_cast<std::ptrdiff_t>(std::min<std::size_t>(each, points.end() - begin));
        const auto [least, most] = std::minmax_element(begin, end, [](auto& a, auto& b) { return a.value < b.value; });
        add(*std::min(least, most));
        add(*std::max(least, most));
        begin = end;
    }
    add(points.back());
    return few;
}

}  // namespace

double course_at(const std::vector<Point>& points, double at_s) {
    const auto after =
        std::upper_bound(points.begin(), points.end(), at_s, [](double at, const Point& p) { return at < p.at_s; });
    if (after == points.begin()) return points.front().value;
    const Point& before = *(after - 1);
    if (after == points.end()) return before.value;
    return before.value + (after->value - before.value) * (at_s - before.at_s) / (after->at_s - before.at_s);
}

std::vector<Point> simplified(const std::vector<Point>& all, double tolerance) {
    if (all.empty()) return {};
    const std::vector<Point> points = thinned(all);
    const auto [least, most] =
        std::minmax_element(points.begin(), points.end(), [](auto& a, auto& b) { return a.value < b.value; });
    if (points.size() == 1 || most->value - least->value <= tolerance) return {points.front()};
    std::vector<bool> kept(points.size(), false);
    kept.front() = kept.back() = true;
    keep(points, 0, points.size() - 1, tolerance, kept);
    std::vector<Point> few;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (kept[i]) few.push_back(points[i]);
    constexpr std::size_t most_points = 9;
    return few.size() <= most_points ? few : simplified(points, tolerance * 1.5);
}

}  // namespace squall::incident
