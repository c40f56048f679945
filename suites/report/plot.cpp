#include "suites/report/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "suites/report/axis.hpp"
#include "suites/report/html.hpp"
#include "suites/report/svg.hpp"

namespace squall::report {
namespace {

constexpr double across = 1000;  // of the lines' own coordinates: thinning leaves 300 columns

struct Extent {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    Nanos highest_at = 0;

    void add(const Point& point) {
        low = std::min(low, point.value);
        if (point.value > high) highest_at = point.at;
        high = std::max(high, point.value);
    }
    bool any() const { return low <= high; }
};

Extent extent_of(const Line& line) {
    Extent extent;
    for (const Point& point : line.points)
        extent.add(point);
    return extent;
}

Extent extent_of(const Plot& plot) {
    Extent extent;
    for (const Line& line : plot.lines) {
        for (const Point& point : line.points)
            extent.add(point);
    }
    return extent;
}

std::string quantity(const Plot& plot, double value) {
    return format_quantity(value, plot.dimension, plot.percent);
}

/// A limit that is far above everything would flatten what there is to see.
bool fits(const Limit& limit, const Extent& extent) {
    return std::isfinite(limit.value) && limit.value <= 4 * extent.high && limit.value >= 0;
}

std::string path(const Line& line, const Axis& axis, Nanos end, Nanos gap) {
    std::string text;
    Nanos last = std::numeric_limits<Nanos>::min() / 2;
    for (const Point& point : thinned(line.points, end, points_drawn_max / 2)) {
        const double x = end <= 0 ? 0 : across * static_cast<double>(point.at) / static_cast<double>(end);
        const double y = svg::height * (1 - axis.share(point.value));
        const bool broken = point.at - last > gap;
        // A point by itself is a dot: round ends make one of a line without length.
        fmt::format_to(std::back_inserter(text), "{}{:.1f} {:.1f}{}", broken ? "M" : "L", x, y, broken ? "h.01" : "");
        last = point.at;
    }
    return text;
}

std::string limit_line(const Limit& limit, const Axis& axis, Nanos end) {
    const double y = svg::top + svg::height * (1 - axis.share(limit.value));
    return fmt::format(
        R"(<line class="limit" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}" stroke="#B00020" stroke-width="1.5" )"
        R"(stroke-dasharray="7 3"/><svg x="{}" y="{y:.1f}" width="1" height="1" overflow="visible">)"
        R"(<text class="limit-name" x="-3" y="-3" text-anchor="end" font-size="10" )"
        R"(fill="#B00020">limit of #{}</text></svg>)",
        svg::at(limit.start, end), svg::at(limit.end, end), svg::at(limit.end, end), limit.finding, fmt::arg("y", y));
}

/// "p99: 1.2ms to 45ms, most at 4.25 s"
std::string in_words(const Plot& plot) {
    std::string text = plot.title + ".";
    for (const Line& line : plot.lines) {
        const Extent extent = extent_of(line);
        if (!extent.any()) continue;
        text += fmt::format(" {}: {} to {}, most at {:.2f} s.", line.name, quantity(plot, extent.low),
                            quantity(plot, extent.high), to_seconds(extent.highest_at));
    }
    return text;
}

std::string legend(const Plot& plot, const Extent& extent) {
    std::string text;
    for (const Line& line : plot.lines) {
        const Extent own = extent_of(line);
        if (!own.any()) continue;
        text += fmt::format(R"(<span class="key">{}&#160;{} <small>≤&#160;{}</small></span> )", svg::sample(line.style),
                            escape(line.name), quantity(plot, own.high));
    }
    for (const Limit& limit : plot.limits) {
        if (!fits(limit, extent)) {
            text += fmt::format(R"(<span class="key"><small>limit of #{}: {}, outside this plot</small></span> )",
                                limit.finding, quantity(plot, limit.value));
        }
    }
    return text;
}

/// The highest of each line in each stretch.
std::string figures(const Plot& plot, Nanos end) {
    const Nanos stretch = std::max<Nanos>(
        {plot.step, 1, (end + static_cast<Nanos>(rows_shown_max) - 1) / static_cast<Nanos>(rows_shown_max)});
    std::map<Nanos, std::vector<double>> rows;
    const double none = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t n = 0; n < plot.lines.size(); ++n) {
        for (const Point& point : plot.lines[n].points) {
            auto& row = rows.try_emplace(point.at / stretch, plot.lines.size(), none).first->second;
            row[n] = std::isnan(row[n]) ? point.value : std::max(row[n], point.value);
        }
    }
    Table table{plot.title, {"from (s)"}, {}, std::vector<bool>(plot.lines.size() + 1, true)};
    for (const Line& line : plot.lines)
        table.head.push_back(escape(line.name));
    for (const auto& [number, values] : rows) {
        std::vector<std::string> row{fmt::format("{:.2f}", to_seconds(number * stretch))};
        for (const double value : values)
            row.push_back(std::isnan(value) ? "" : quantity(plot, value));
        table.rows.push_back(std::move(row));
    }
    return fmt::format("<details><summary>Figures: the highest in each {}</summary>{}</details>",
                       format_quantity(to_seconds(stretch), dimension::time), html(table));
}

}  // namespace

std::vector<Point> thinned(const std::vector<Point>& points, Nanos end, std::size_t columns) {
    if (points.size() <= 2 * columns || end <= 0) return points;
    std::vector<Point> kept;
    for (std::size_t from = 0; from < points.size();) {
        const auto column = [&](const Point& point) {
            return static_cast<std::size_t>(static_cast<double>(point.at) / static_cast<double>(end) *
                                            static_cast<double>(columns));
        };
        std::size_t to = from, low = from, high = from;
        for (; to < points.size() && column(points[to]) == column(points[from]); ++to) {
            if (points[to].value < points[low].value) low = to;
            if (points[to].value > points[high].value) high = to;
        }
        kept.push_back(points[std::min(low, high)]);
        if (low != high) kept.push_back(points[std::max(low, high)]);
        from = to;
    }
    return kept;
}

std::string draw(const Plot& plot, const Scene& scene) {
    const Extent extent = extent_of(plot);
    if (!extent.any()) return {};
    double high = extent.high;
    for (const Limit& limit : plot.limits) {
        if (fits(limit, extent)) high = std::max(high, limit.value);
    }
    const bool logarithmic = plot.dimension == dimension::time && extent.low > 0 && high / extent.low > 30;
    const Axis axis = value_axis(extent.low, high, plot.dimension, plot.percent, logarithmic);
    const double tall = svg::top + svg::height;
    const Nanos gap = std::max<Nanos>(4 * plot.step, 2 * scene.end / static_cast<Nanos>(points_drawn_max / 2));
    std::string lines;
    for (const Line& line : plot.lines) {
        lines += fmt::format(
            R"(<path d="{}" vector-effect="non-scaling-stroke" stroke-linecap="round" stroke-linejoin="round"{}/>)",
            path(line, axis, scene.end, line.whole ? std::numeric_limits<Nanos>::max() / 4 : gap),
            svg::stroke(line.style));
    }
    std::string over = svg::marks(scene, tall);
    for (const Limit& limit : plot.limits) {
        if (fits(limit, extent)) over += limit_line(limit, axis, scene.end);
    }
    const auto inside = fmt::format(
        R"({}<svg class="timed" width="100%" height="{tall}">{}</svg><svg class="lines" y="{}" width="100%" height="{}" )"
        R"(viewBox="0 0 1000 {}" preserveAspectRatio="none">{}</svg><svg class="timed" width="100%" height="{tall}">{}</svg>{})",
        svg::grid(axis, svg::top), svg::background(scene, tall), svg::top, svg::height, svg::height, lines, over,
        svg::time_ticks(scene.end, tall), fmt::arg("tall", tall));
    const auto note = logarithmic ? (plot.note.empty() ? "" : plot.note + "; ") + "logarithmic scale" : plot.note;
    return fmt::format(
        "<figure class=\"plot\" id=\"plot-{}\"><figcaption><b>{}</b>{}<br>{}</figcaption>{}{}</figure>\n",
        escape(plot.id), escape(plot.title), note.empty() ? "" : " <small>" + escape(note) + "</small>",
        legend(plot, extent), svg::picture(in_words(plot), scene.end, tall + svg::bottom, inside),
        figures(plot, scene.end));
}

}  // namespace squall::report
