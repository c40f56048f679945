#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "suites/invariants/series.hpp"
#include "suites/report/compare.hpp"

namespace squall::report {
namespace {

constexpr int parts_max = 8;
constexpr int parts_min = 3;
constexpr double resolution = 1.01;  // a histogram's buckets alone are 0.4 % wide

/// A figure of one stretch of one run; nothing: no samples.
using Figure = std::function<std::optional<double>(const History&, const Window&)>;

struct Spread {
    double variance = 0;  ///< of the logarithm's mean
    bool known = false;
};

Spread spread_of(const Figure& figure, const History& history, const Window& window) {
    // Parts are whole slices.
    const Nanos slices = std::max<Nanos>((window.end - window.start) / slice_length, 1);
    const Nanos parts = std::min<Nanos>(parts_max, slices);
    std::vector<double> logs;
    for (Nanos part = 0; part < parts; ++part) {
        Window stretch = window;
        stretch.start = window.start + (window.end - window.start) * part / parts;
        stretch.end = window.start + (window.end - window.start) * (part + 1) / parts;
        if (const auto value = figure(history, stretch); value && *value > 0) logs.push_back(std::log(*value));
    }
    if (logs.size() < parts_min) return {};
    const auto count = static_cast<double>(logs.size());
    double mean = 0, squares = 0;
    for (const double value : logs)
        mean += value / count;
    for (const double value : logs)
        squares += (value - mean) * (value - mean);
    return {squares / (count - 1) / count, true};
}

class Figures {
public:
    Figures(const ComparedRun& a, const ComparedRun& b) : a_(a), b_(b) {}

    void add(const std::string& phase, const std::string& what, Dimension dimension, const Figure& figure) {
        const Window in_a = span_window(phase, a_.history), in_b = span_window(phase, b_.history);
        if (!in_a.problem.empty() || !in_b.problem.empty()) return;
        const auto from = figure(a_.history, in_a), to = figure(b_.history, in_b);
        if (!from || !to || *from <= 0 || *to <= 0) return;
        ComparedFigure row{phase,       what,        format_quantity(*from, dimension), format_quantity(*to, dimension),
                           *to / *from, std::nullopt};
        const Spread a = spread_of(figure, a_.history, in_a), b = spread_of(figure, b_.history, in_b);
        if (a.known && b.known) row.noise = std::max(resolution, std::exp(2 * std::sqrt(a.variance + b.variance)));
        rows_.push_back(std::move(row));
    }
    std::vector<ComparedFigure> take() && { return std::move(rows_); }

private:
    const ComparedRun& a_;
    const ComparedRun& b_;
    std::vector<ComparedFigure> rows_;
};

Figure quantile_of_latency(const std::string& cohort, double quantile) {
    const Measurement measurement{Aggregation::p99, "delivery.latency", {{"cohort", cohort}}};
    return [=](const History& history, const Window& window) -> std::optional<double> {
        const auto values = merged(slices(history, measurement, window));
        if (values.empty()) return std::nullopt;
        return to_seconds(*values.quantile(quantile));
    };
}

Figure mean_of(const std::string& metric) {
    return [=](const History& history, const Window& window) -> std::optional<double> {
        const auto samples = points(history, {Aggregation::mean, metric, {}}, window);
        if (samples.empty()) return std::nullopt;
        double sum = 0;
        for (const Point& sample : samples)
            sum += sample.value;
        return sum / static_cast<double>(samples.size());
    };
}

std::optional<double> deliveries(const History& history, const Window& window) {
    const double count = total(counted(history, "messages.delivered", {}, window));
    if (count <= 0) return std::nullopt;
    return count / to_seconds(window.end - window.start);
}

}  // namespace

std::vector<ComparedFigure> compare_figures(const ComparedRun& a, const ComparedRun& b) {
    Figures figures(a, b);
    for (const auto& phase : b.scenario.phases) {
        for (const auto& cohort : b.scenario.cohorts) {
            for (const auto& [name, quantile] : {std::pair{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}}) {
                figures.add(phase.name,
                            fmt::format("{} latency, {} ({})", name, cohort.name, to_string(cohort.protocol)),
                            dimension::time, quantile_of_latency(cohort.name, quantile));
            }
        }
        figures.add(phase.name, "deliveries", dimension::rate, deliveries);
        figures.add(phase.name, "memory of the server, mean", dimension::bytes, mean_of("target.memory"));
        figures.add(phase.name, "CPU of the server, mean", dimension::cores, mean_of("target.cpu"));
    }
    return std::move(figures).take();
}

}  // namespace squall::report
