#include "suites/invariants/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "suites/invariants/measure.hpp"

namespace squall {
namespace {

/// Nothing finer is measured: slices of distributions are 250 ms long, targets are asked as often.
constexpr Nanos window_min = 2 * slice_length;
/// With fewer, no rank correlation but 1 can be told from chance (at 5 %, one-sided).
constexpr std::size_t ranked_min = 5;

/// The record begins with the load. A phase named baseline is the replay's own.
const Phase* first_phase(const Scenario& scenario) {
    const Phase* baseline = nullptr;
    for (const Phase& phase : scenario.phases) {
        if (!phase.load) continue;
        if (phase.name != "baseline") return &phase;
        baseline = &phase;
    }
    return baseline;
}

/// At least window_min around its own middle.
Window around(Nanos start, Nanos end) {
    const Nanos short_by = window_min - (end - start);
    if (short_by > 0) {
        start -= short_by / 2;
        end += short_by - short_by / 2;
    }
    return {start, end, start, ""};
}

/// Of each instant, the time that is nearer to it than to any other one of the record.
Window window_at(const std::vector<Point>& points, std::size_t n) {
    const Nanos at = points[n].at;
    const Nanos start = n == 0 ? at : at - (at - points[n - 1].at) / 2;
    const Nanos end = n + 1 == points.size() ? at : at + (points[n + 1].at - at) / 2;
    return around(start, end);
}

double log_factor(double one, double other) {
    const double limit = std::log(factor_max);
    if (one == other) return 0;  // nought and nought as well
    if (one <= 0 || other <= 0) return limit;
    return std::min(std::fabs(std::log(one / other)), limit);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// From 1; those that are equal share the mean of theirs.
std::vector<double> ranks(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> result(values.size());
    for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
        while (to < order.size() && values[order[to]] == values[order[from]])
            ++to;
        for (std::size_t n = from; n < to; ++n)
            result[order[n]] = static_cast<double>(from + to + 1) / 2;
    }
    return result;
}

/// Spearman's: Pearson's of the ranks. Not a number where one of them never changes.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
    const auto x = ranks(a), y = ranks(b);
    const double middle = static_cast<double>(a.size() + 1) / 2;
    double xx = 0, yy = 0, xy = 0;
    for (std::size_t n = 0; n < x.size(); ++n) {
        xx += (x[n] - middle) * (x[n] - middle);
        yy += (y[n] - middle) * (y[n] - middle);
        xy += (x[n] - middle) * (y[n] - middle);
    }
    return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);  // a NaN stays one
}

ComparedSeries compared(const RecordedSeries& series, const Record& record, const History& history, Nanos zero) {
    ComparedSeries result{.series = series};
    const Span* run = history.find_span("run");
    for (const RecordedPoint& point : series.points)
        result.recorded.push_back({zero + record.replayed(point.at_s), point.value * series.scale});
    for (std::size_t n = 0; n < result.recorded.size(); ++n) {
        Window window = window_at(result.recorded, n);
        // Behind the run's end nothing happened; counters would call that nought.
        if (run != nullptr && result.recorded[n].at > run->end) break;
        if (run != nullptr) window.end = std::min(window.end, run->end);
        const Measured measured = measure(history, series.measure, window);
        if (measured.problem.empty()) result.replayed.push_back({result.recorded[n].at, measured.value});
    }
    result.likeness = likeness(result.recorded, result.replayed);
    return result;
}

}  // namespace

Likeness likeness(const std::vector<Point>& recorded, const std::vector<Point>& replayed) {
    std::vector<double> logs, ours, theirs;
    auto theirs_at = recorded.begin();
    for (const Point& point : replayed) {
        while (theirs_at != recorded.end() && theirs_at->at < point.at)
            ++theirs_at;
        if (theirs_at == recorded.end() || theirs_at->at != point.at) continue;
        logs.push_back(log_factor(point.value, theirs_at->value));
        ours.push_back(point.value);
        theirs.push_back(theirs_at->value);
    }
    Likeness result;
    if (logs.empty() || 2 * logs.size() < recorded.size()) {
        result.problem = fmt::format("the replay has samples at {} of {} instants", logs.size(), recorded.size());
        return result;
    }
    const double typical = median(std::move(logs));
    result.factor = typical < std::log(factor_max) ? std::exp(typical) : factor_max;
    if (ours.size() < ranked_min) {
        result.problem = fmt::format("shape: fewer than {} instants", ranked_min);
        return result;
    }
    const double correlation = rank_correlation(ours, theirs);
    if (std::isfinite(correlation)) {
        result.rank_correlation = correlation;
    } else {
        result.problem = "shape: one of them never changes";
    }
    return result;
}

std::optional<double> Replay::factor() const {
    double sum = 0;
    bool told = false;
    for (const ComparedSeries& one : series) {
        told = told || one.likeness.factor;
        sum += std::log(one.likeness.factor.value_or(factor_max));
    }
    if (!told) return std::nullopt;
    return std::exp(sum / static_cast<double>(series.size()));
}

/// A phase that was not played to its end, as the target died, has no span: it began where the one before it ended.
std::optional<Nanos> beginning(const Phase& phase, const Scenario& scenario, const History& history) {
    const Span* span = history.find_span(phase.name);
    if (span != nullptr) return span->start;
    const Span* before = &phase == &scenario.phases.front() ? nullptr : history.find_span((&phase - 1)->name);
    return before == nullptr ? std::nullopt : std::optional(before->end);
}

Replay compare_with_record(const Scenario& scenario, const History& history) {
    Replay replay;
    const Record& record = scenario.record.value();
    const Phase* first = first_phase(scenario);
    const auto zero = first == nullptr ? std::nullopt : beginning(*first, scenario, history);
    if (!zero) {
        replay.problem = first == nullptr ? "no phase has load" : fmt::format("'{}' was not played", first->name);
    } else {
        replay.zero = *zero;
    }
    for (const RecordedSeries& series : record.series) {
        if (zero) {
            replay.series.push_back(compared(series, record, history, replay.zero));
        } else {
            replay.series.push_back({.series = series, .likeness = {.problem = replay.problem}});
        }
    }
    return replay;
}

std::vector<Point> drawn_replay(const RecordedSeries& series, double speed, const History& history) {
    std::vector<double> steps;
    for (std::size_t n = 1; n < series.points.size(); ++n)
        steps.push_back(series.points[n].at_s - series.points[n - 1].at_s);
    const Span* run = history.find_span("run");
    if (run == nullptr || steps.empty()) return {};
    constexpr Nanos drawn_min = 40;
    const Nanos step = std::clamp(from_seconds(median(std::move(steps)) / speed), window_min,
                                  std::max((run->end - run->start) / drawn_min, window_min));
    std::vector<Point> points;
    for (Nanos start = std::max<Nanos>(run->start, 0); start < run->end; start += step) {
        const Measured measured = measure(history, series.measure, {start, start + step, start, ""});
        if (measured.problem.empty()) points.push_back({start + step / 2, measured.value});
    }
    return points;
}

}  // namespace squall
