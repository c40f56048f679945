#include "suites/invariants/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace squall {
namespace {

using ByInstant = std::map<Nanos, double>;
using ByShard = std::map<std::string, ByInstant>;

std::vector<Point> in_window(const ByInstant& values, const Window& window) {
    std::vector<Point> points;
    for (auto it = values.lower_bound(window.start); it != values.end() && it->first < window.end; ++it) {
        points.push_back({it->first, it->second});
    }
    return points;
}

/// From the instant at which every shard has been heard of.
ByInstant carried_forward(const ByShard& shards) {
    std::map<Nanos, std::map<std::string, double>> changes;
    for (const auto& [shard, values] : shards) {
        for (const auto& [at, value] : values)
            changes[at][shard] = value;
    }
    ByInstant sums;
    std::map<std::string, double> latest;
    for (const auto& [at, values] : changes) {
        for (const auto& [shard, value] : values)
            latest[shard] = value;
        if (latest.size() < shards.size()) continue;
        double sum = 0;
        for (const auto& [shard, value] : latest)
            sum += value;
        sums[at] = sum;
    }
    return sums;
}

std::vector<Point> side_by_side(const ByShard& shards, const Window& window) {
    std::vector<Point> points;
    for (const auto& [shard, values] : shards) {
        const auto own = in_window(values, window);
        points.insert(points.end(), own.begin(), own.end());
    }
    std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
    return points;
}

std::vector<Point> worst_of_summary(const History& history, const Measurement& measurement, const Window& window) {
    ByInstant worst;
    for (const auto& [key, samples] : history.gauges()) {
        if (key.metric != measurement.metric || !matches(key.labels, measurement.selectors)) continue;
        if (label(key.labels, "stat") != to_string(measurement.aggregation)) continue;
        for (const Point& point : samples) {
            if (!window.holds(point.at)) continue;
            const auto [entry, first] = worst.emplace(point.at, point.value);
            if (!first) entry->second = std::max(entry->second, point.value);
        }
    }
    return in_window(worst, window);
}

Window up_to(const Window& window) {
    return {std::numeric_limits<Nanos>::min(), window.end, 0, ""};
}

std::vector<Selector> only(const std::vector<Selector>& selectors, std::initializer_list<std::string_view> labels) {
    std::vector<Selector> kept;
    for (const Selector& selector : selectors) {
        if (std::find(labels.begin(), labels.end(), selector.label) != labels.end()) kept.push_back(selector);
    }
    return kept;
}

}  // namespace

bool matches(const Labels& labels, const std::vector<Selector>& selectors) {
    return std::all_of(selectors.begin(), selectors.end(), [&](const Selector& selector) {
        const auto found = labels.find(selector.label);
        return found != labels.end() && found->second == selector.value;
    });
}

std::map<std::int64_t, Histogram> slices(const History& history, const Measurement& measurement, const Window& window) {
    std::map<std::int64_t, Histogram> result;
    for (const auto& [key, own] : history.distributions()) {
        if (key.metric != measurement.metric || !matches(key.labels, measurement.selectors)) continue;
        for (const auto& [slice, values] : own) {
            if (window.holds_slice(slice)) result[slice].merge(values);
        }
    }
    return result;
}

Histogram merged(const std::map<std::int64_t, Histogram>& slices) {
    Histogram all;
    for (const auto& [slice, values] : slices)
        all.merge(values);
    return all;
}

std::vector<Point> points(const History& history, const Measurement& measurement, const Window& window) {
    const Metric* metric = find_metric(measurement.metric);
    if (metric != nullptr && metric->kind == MetricKind::summary) return worst_of_summary(history, measurement, window);
    const bool clients_own =
        metric != nullptr && std::find(metric->labels.begin(), metric->labels.end(), "cohort") != metric->labels.end();
    ByShard shards;
    // A state in which no socket ever was is not sampled; that is an answer, too.
    bool sampled = std::any_of(measurement.selectors.begin(), measurement.selectors.end(),
                               [](const Selector& selector) { return selector.label == "state"; });
    for (const auto& [key, samples] : history.gauges()) {
        if (key.metric != measurement.metric) continue;
        const bool match = matches(key.labels, measurement.selectors);
        sampled = sampled || match;
        ByInstant& sums = shards[label(key.labels, "shard")];
        for (const Point& point : samples) {
            // What is carried forward comes from before the window.
            if (clients_own || window.holds(point.at)) sums[point.at] += match ? point.value : 0;
        }
    }
    if (!sampled) return {};
    return clients_own && shards.size() > 1 ? in_window(carried_forward(shards), window) : side_by_side(shards, window);
}

std::vector<Point> counted(const History& history, std::string_view metric, const std::vector<Selector>& selectors,
                           const Window& window) {
    std::vector<Point> events;
    for (const Event& event : history.events()) {
        if (event.metric == metric && window.holds(event.at) && matches(event.labels, selectors)) {
            events.push_back({event.at, event.value});
        }
    }
    std::stable_sort(events.begin(), events.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
    return events;
}

double total(const std::vector<Point>& counted) {
    double sum = 0;
    for (const Point& point : counted)
        sum += point.value;
    return sum;
}

double total_over_run(const History& history, std::string_view metric, const std::vector<Selector>& selectors) {
    const Window whole_run{std::numeric_limits<Nanos>::min(), std::numeric_limits<Nanos>::max(), 0, {}};
    return total(counted(history, metric, selectors, whole_run));
}

std::uint64_t counting_evidence(const History& history, const Measurement& measurement, const Window& window) {
    const std::string_view metric = measurement.metric;
    double evidence = 0;
    if (metric.starts_with("declared.")) {
        evidence = total(counted(history, "declared.scrapes", {}, window));
    } else if (metric == "messages.published" || metric == "messages.rejected" || metric == "messages.unsent") {
        const auto publisher = only(measurement.selectors, {"publisher"});
        for (const char* offered : {"messages.published", "messages.rejected", "messages.unsent"}) {
            evidence += total(counted(history, offered, publisher, up_to(window)));
        }
    } else {
        const auto whose = only(measurement.selectors, {"cohort", "protocol"});
        evidence = total(counted(history, "connects", whose, up_to(window))) +
                   total(counted(history, "handshake.failures", whose, up_to(window)));
    }
    return static_cast<std::uint64_t>(evidence);
}

}  // namespace squall
