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

/// 0: of less than two points.
double median_step(const std::vector<Point>& points) {
    if (points.size() < 2) return 0;
    std::vector<double> steps;
    for (std::size_t i = 1; i < points.size(); ++i)
        steps.push_back(points[i].at_s - points[i - 1].at_s);
    const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end());
    return *middle;
}

/// `put` is told of each of `instants` between two of them what the course was.
template <class Put>
void go_along(const std::vector<Point>& points, const std::vector<double>& instants, double from_s, double until_s,
              Put put) {
    auto at = std::lower_bound(instants.begin(), instants.end(), from_s);
    for (std::size_t next = 0; at != instants.end() && *at <= until_s; ++at) {
        while (next < points.size() && points[next].at_s <= *at)
            ++next;
        double value = points[next == 0 ? 0 : next - 1].value;
        if (next > 0 && next < points.size()) {
            const Point &a = points[next - 1], &b = points[next];
            value += (b.value - a.value) * (*at - a.at_s) / (b.at_s - a.at_s);
        }
        put(static_cast<std::size_t>(at - instants.begin()), value);
    }
}

}  // namespace

std::vector<Point> put_together(const std::vector<std::vector<Point>>& courses, Together how) {
    std::vector<double> instants;
    double widest_step = 0;
    for (const auto& points : courses) {
        widest_step = std::max(widest_step, median_step(points));
        for (const Point& point : points)
            instants.push_back(point.at_s);
    }
    std::sort(instants.begin(), instants.end());
    instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
    if (instants.empty()) return {};
    const bool throughout = widest_step == 0 || how == Together::sum_of_counts;
    const double first = instants.front(), last = instants.back();
    std::vector<Point> all;
    for (const double at : instants)
        all.push_back({at, 0});
    for (const auto& points : courses) {
        const double step = points.size() < 2 ? widest_step : median_step(points);
        const bool from_first = throughout || points.front().at_s - step < first;
        const bool until_last = throughout || points.back().at_s + step > last;
        go_along(points, instants, from_first ? first : points.front().at_s, until_last ? last : points.back().at_s,
                 [&](std::size_t i, double value) {
                     all[i].value = how == Together::largest ? std::max(all[i].value, value) : all[i].value + value;
                 });
    }
    return all;
}

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
