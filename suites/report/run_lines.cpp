#include <algorithm>
#include <limits>

#include "suites/invariants/series.hpp"
#include "suites/report/run_plots.hpp"

namespace squall::report {
namespace {

constexpr Nanos bins_max = 240;

Window everything() {
    Window window;
    window.start = std::numeric_limits<Nanos>::min();
    window.end = std::numeric_limits<Nanos>::max();
    return window;
}

Measurement measurement_of(const std::string& metric, const std::vector<Selector>& selectors) {
    return {Aggregation::max, metric, selectors};
}

}  // namespace

Nanos bin_width(Nanos end) {
    const Nanos slices = std::max<Nanos>((end + slice_length - 1) / slice_length, 1);
    return slice_length * ((slices + bins_max - 1) / bins_max);
}

std::vector<Line> quantile_lines(const History& history, const std::string& metric,
                                 const std::vector<Selector>& selectors, Nanos end) {
    const Nanos width = bin_width(end);
    std::map<std::int64_t, Histogram> bins;
    for (const auto& [slice, values] : slices(history, measurement_of(metric, selectors), everything()))
        bins[slice * slice_length / width].merge(values);
    std::vector<Line> lines{{"p50", {}, 5}, {"p95", {}, 0}, {"p99", {}, 1}, {"max", {}, 6}};
    for (const auto& [bin, values] : bins) {
        if (values.empty()) continue;
        const Nanos middle = bin * width + width / 2;
        const Nanos shown[] = {*values.quantile(0.5), *values.quantile(0.95), *values.quantile(0.99), values.max()};
        for (std::size_t n = 0; n < lines.size(); ++n)
            lines[n].points.push_back({middle, to_seconds(shown[n])});
    }
    return lines;
}

Line gauge_line(const History& history, const std::string& metric, const std::vector<Selector>& selectors,
                const std::string& name, std::size_t style) {
    return {name, points(history, measurement_of(metric, selectors), everything()), style};
}

Line rate_line(const History& history, const std::string& metric, const std::vector<Selector>& selectors,
               const std::string& name, std::size_t style, Nanos end) {
    const Nanos width = std::max(bin_width(end), 2 * slice_length);
    std::map<Nanos, double> bins;
    for (const Point& point : counted(history, metric, selectors, everything()))
        bins[point.at / width] += point.value;
    Line line{name, {}, style};
    if (bins.empty()) return line;
    for (Nanos bin = 0; bin * width < end; ++bin) {
        const auto found = bins.find(bin);
        line.points.push_back({bin * width + width / 2, found == bins.end() ? 0 : found->second / to_seconds(width)});
    }
    return line;
}

}  // namespace squall::report
