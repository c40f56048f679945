#include "suites/invariants/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "suites/invariants/books.hpp"
#include "suites/invariants/regression.hpp"

namespace squall {

std::optional<double> quantile_of(Aggregation aggregation) {
    switch (aggregation) {
        case Aggregation::p50:
            return 0.5;
        case Aggregation::p90:
            return 0.9;
        case Aggregation::p95:
            return 0.95;
        case Aggregation::p99:
            return 0.99;
        case Aggregation::p999:
            return 0.999;
        default:
            return std::nullopt;
    }
}

namespace {

/// Of values that are not empty; in base units.
double aggregate(const Histogram& values, Aggregation aggregation) {
    if (const auto quantile = quantile_of(aggregation)) return to_seconds(*values.quantile(*quantile));
    switch (aggregation) {
        case Aggregation::max:
            return to_seconds(values.max());
        case Aggregation::min:
            return to_seconds(values.min());
        case Aggregation::mean:
            return values.mean() / 1e9;
        case Aggregation::count:
            return static_cast<double>(values.count());
        default:
            throw std::logic_error("aggregation does not fit a distribution");
    }
}

/// Nearest rank: the smallest sample such that the share `quantile` of all are at or below it.
double sample_quantile(std::vector<Point> samples, double quantile) {
    const double product = quantile * static_cast<double>(samples.size());
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(product - product * 1e-12)));
    const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(samples.begin(), nth, samples.end(),
                     [](const Point& a, const Point& b) { return a.value < b.value; });
    return nth->value;
}

double mean_of(const std::vector<Point>& samples) {
    return total(samples) / static_cast<double>(samples.size());
}

/// Of samples that are not empty; a slope of fewer than two instants is not a number.
double aggregate(const std::vector<Point>& samples, Aggregation aggregation) {
    const auto less = [](const Point& a, const Point& b) { return a.value < b.value; };
    if (const auto quantile = quantile_of(aggregation)) return sample_quantile(samples, *quantile);
    switch (aggregation) {
        case Aggregation::max:
            return std::max_element(samples.begin(), samples.end(), less)->value;
        case Aggregation::min:
            return std::min_element(samples.begin(), samples.end(), less)->value;
        case Aggregation::mean:
            return mean_of(samples);
        case Aggregation::last:
            return samples.back().value;
        case Aggregation::slope:
            return Regression::of(samples).slope();
        default:
            throw std::logic_error("aggregation does not fit a gauge");
    }
}

double seconds(const Window& window) {
    return to_seconds(window.end - window.start);
}

Measured measure_distribution(const History& history, const Measurement& measurement, const Window& window) {
    const Histogram values = merged(slices(history, measurement, window));
    if (values.empty()) return {.problem = "no samples"};
    return {.value = aggregate(values, measurement.aggregation), .samples = values.count()};
}

Measured measure_gauge(const History& history, const Measurement& measurement, const Window& window) {
    const auto samples = points(history, measurement, window);
    if (samples.empty()) return {.problem = "no samples"};
    // Each sample of a summary is a quantile itself: what counts is the worst of them.
    const bool summary = find_metric(measurement.metric)->kind == MetricKind::summary;
    const double value = aggregate(samples, summary ? Aggregation::max : measurement.aggregation);
    if (!std::isfinite(value)) return {.samples = samples.size(), .problem = "a slope needs samples at two instants"};
    return {.value = value, .samples = samples.size()};
}

Measured measure_counter(const History& history, const Measurement& measurement, const Window& window) {
    const double count = total(counted(history, measurement.metric, measurement.selectors, window));
    const auto evidence = std::max(counting_evidence(history, measurement, window), static_cast<std::uint64_t>(count));
    if (evidence == 0) return {.problem = "nothing was there to be counted"};
    if (measurement.aggregation == Aggregation::count) return {.value = count, .samples = evidence};
    if (window.end <= window.start) return {.problem = "the window is empty"};
    return {.value = count / seconds(window), .samples = evidence};
}

/// Past the bound for good, as a sum that only grows: nothing that comes later can mend it.
bool exceeded(double sum, Comparison comparison, double bound) {
    switch (comparison) {
        case Comparison::less:
            return !holds(sum, Comparison::less, bound);
        case Comparison::less_equal:
        case Comparison::equal:
            return holds(sum, Comparison::greater, bound);
        default:
            return false;
    }
}

/// The event that went past the bound; when too little was counted, the window's end, when it was due.
Nanos sum_violated_since(const std::vector<Point>& events, const Window& window, Comparison comparison, double bound) {
    double sum = 0;
    for (const Point& event : events) {
        sum += event.value;
        if (exceeded(sum, comparison, bound)) return event.at;
    }
    return window.end;
}

/// The first slice whose own value violates the bound. (If the whole does, at least one slice does: were each slice's
/// quantile within an upper bound, so would the whole's be; and so for lower ones.)
std::optional<Nanos> slice_violated_since(const History& history, const Measurement& measurement, const Window& window,
                                          Comparison comparison, double bound) {
    std::vector<Point> counts;
    for (const auto& [slice, values] : slices(history, measurement, window)) {
        const Nanos at = std::max(slice * slice_length, window.start);
        if (measurement.aggregation == Aggregation::count) {
            counts.push_back({at, static_cast<double>(values.count())});
        } else if (!holds(aggregate(values, measurement.aggregation), comparison, bound)) {
            return at;
        }
    }
    if (measurement.aggregation != Aggregation::count) return std::nullopt;
    return sum_violated_since(counts, window, comparison, bound);
}

/// `last`: from when on all samples violated it. Slope: the sample from which on the slope since the window's start
/// did. All others: the first sample past the bound.
std::optional<Nanos> sample_violated_since(const std::vector<Point>& samples, Aggregation aggregation,
                                           Comparison comparison, double bound) {
    const bool for_good = aggregation == Aggregation::last || aggregation == Aggregation::slope;
    Regression regression;
    std::optional<Nanos> since;
    for (const Point& sample : samples) {
        regression.add(sample);
        const double value = aggregation == Aggregation::slope ? regression.slope() : sample.value;
        if (!std::isfinite(value)) continue;
        if (holds(value, comparison, bound)) {
            since.reset();
        } else if (!since) {
            since = sample.at;
            if (!for_good) break;
        }
    }
    return since;
}

}  // namespace

bool holds(double value, Comparison comparison, double bound) {
    // Bounds are computed (0.1 * 30): the noise of that arithmetic is no violation.
    const bool equal = std::fabs(value - bound) <= 1e-12 * std::max(std::fabs(value), std::fabs(bound));
    switch (comparison) {
        case Comparison::less:
            return value < bound && !equal;
        case Comparison::less_equal:
            return value < bound || equal;
        case Comparison::greater:
            return value > bound && !equal;
        case Comparison::greater_equal:
            return value > bound || equal;
        case Comparison::equal:
            return equal;
        case Comparison::not_equal:
            return !equal;
    }
    return false;
}

Measured measure(const History& history, const Measurement& measurement, const Window& window) {
    if (measurement.aggregation == Aggregation::accounted) return accounted(history, measurement.metric);
    const Metric* metric = find_metric(measurement.metric);
    if (metric == nullptr) return {.problem = "there is no such metric"};
    switch (metric->kind) {
        case MetricKind::distribution:
            return measure_distribution(history, measurement, window);
        case MetricKind::gauge:
        case MetricKind::summary:
            return measure_gauge(history, measurement, window);
        case MetricKind::counter:
            return measure_counter(history, measurement, window);
        case MetricKind::books:
            break;
    }
    return {.problem = "books can only be accounted for"};
}

std::optional<Nanos> violated_since(const History& history, const Measurement& measurement, const Window& window,
                                    Comparison comparison, double bound) {
    const Metric* metric = find_metric(measurement.metric);
    if (metric == nullptr || measurement.aggregation == Aggregation::accounted) return std::nullopt;
    switch (metric->kind) {
        case MetricKind::distribution:
            return slice_violated_since(history, measurement, window, comparison, bound);
        case MetricKind::gauge:
        case MetricKind::summary:
            return sample_violated_since(points(history, measurement, window), measurement.aggregation, comparison,
                                         bound);
        case MetricKind::counter: {
            const double bound_count = measurement.aggregation == Aggregation::rate ? bound * seconds(window) : bound;
            return sum_violated_since(counted(history, measurement.metric, measurement.selectors, window), window,
                                      comparison, bound_count);
        }
        case MetricKind::books:
            break;
    }
    return std::nullopt;
}

}  // namespace squall
