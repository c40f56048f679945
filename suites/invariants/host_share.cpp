#include "suites/invariants/host_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "suites/invariants/facts.hpp"
#include "suites/invariants/measure.hpp"

namespace squall {
namespace {

/// A hundred times what an ordinary thread waits on a busy host, and less than the limits that scenarios set.
constexpr Nanos stall_min = nanos_per_second;

bool can_be_too_long(Aggregation aggregation) {
    switch (aggregation) {
        case Aggregation::p50:
        case Aggregation::p90:
        case Aggregation::p95:
        case Aggregation::p99:
        case Aggregation::p999:
        case Aggregation::max:
        case Aggregation::mean:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::optional<Stall> stall_in(const History& history, const Window& window) {
    std::optional<Stall> longest;
    for (const auto& [key, samples] : history.gauges()) {
        if (key.metric != "rig.stall") continue;
        for (const Point& sample : samples) {
            const Nanos length = from_seconds(sample.value);
            const Stall stall{sample.at - length, sample.at};
            const bool felt = stall.start < window.end && window.start < stall.end + length;
            const bool longer = !longest || longest->end - longest->start < length;
            if (length >= stall_min && felt && longer) longest = stall;
        }
    }
    return longest;
}

std::string rig_problem(const Scenario& scenario, const History& history, const Window& window) {
    const auto readable = [](Nanos time) { return format_quantity(to_seconds(time), dimension::time); };
    bool known = false;
    for (const char* metric : {"rig.publish_lag", "rig.loop_lag"}) {
        const Histogram lag = merged(slices(history, {Aggregation::p99, metric, {}}, window));
        if (lag.empty()) continue;
        known = true;
        const Nanos p99 = *lag.quantile(0.99);
        if (p99 <= scenario.rig_lag_max) continue;
        return fmt::format("the rig could not tell: p99({}) was {}, above rig.lag_max {}", metric, readable(p99),
                           readable(scenario.rig_lag_max));
    }
    return known ? "" : "the rig did not measure its own lag";
}

HostShare::HostShare(const Scenario& scenario, const History& history) : history_(history) {
    const auto on_purpose = facts::cpu_taken_on_purpose(scenario, history);
    for (const auto& [key, samples] : history.gauges()) {
        if (key.metric != "target.stolen") continue;
        std::vector<Taken>& host = hosts_.emplace_back();
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const Nanos to = samples[i].at;
            const Nanos from = i > 0 ? samples[i - 1].at : to - slice_length;
            const bool purpose = std::any_of(on_purpose.begin(), on_purpose.end(), [&](const facts::Spell& spell) {
                return from < spell.end && spell.start < to;
            });
            if (!purpose) host.push_back({from, to, samples[i].value * to_seconds(to - from)});
        }
    }
}

double HostShare::of(const Measurement& measurement, double measured, const Window& window) const {
    if (!can_be_too_long(measurement.aggregation)) return 0;
    double share = untimed(measurement, measured, window);
    if (carries_rig_lag(measurement.metric)) share += rig_lag(measurement.aggregation, window);
    if (carries_stolen_time(measurement.metric)) {
        share += std::min(most_stolen(measured, window), likely_stolen(measurement.aggregation, measured, window));
    }
    return std::min(share, measured);
}

double HostShare::rig_lag(Aggregation aggregation, const Window& window) const {
    const Histogram lag = merged(slices(history_, {Aggregation::p99, "rig.loop_lag", {}}, window));
    if (lag.empty()) return 0;
    if (aggregation == Aggregation::max) return to_seconds(lag.max());
    return to_seconds(*lag.quantile(aggregation == Aggregation::p999 ? 0.999 : 0.99));
}

/// The most in any stretch of `span` seconds, which is how long a message was under way, rounded up to whole samples.
double HostShare::most_stolen(double span, const Window& window) const {
    const Nanos length = from_seconds(span) + slice_length;
    double most = 0;
    for (const auto& host : hosts_) {
        double sum = 0;
        for (std::size_t first = 0, last = 0; last < host.size(); ++last) {
            if (host[last].to <= window.start || host[last].from >= window.end) continue;
            sum += host[last].seconds;
            for (; first < last && host[first].to <= host[last].to - length; ++first) {
                const bool counted = host[first].to > window.start && host[first].from < window.end;
                if (counted) sum -= host[first].seconds;
            }
            most = std::max(most, sum);
        }
    }
    return most;
}

/// A percentile q moves by x only if the share 1 - q of the messages lost x or more. On average they lost what was
/// taken in the window, times the share of it that they were under way: by Markov's inequality x is at most 1 / (1 - q)
/// of it.
double HostShare::likely_stolen(Aggregation aggregation, double span, const Window& window) const {
    if (aggregation == Aggregation::max) return std::numeric_limits<double>::infinity();
    const double average = stolen(window.start, window.end) / to_seconds(window.end - window.start) * span;
    return average / (1 - quantile_of(aggregation).value_or(0));
}

/// Were all that the rig could not time instant, the value of rank r would be no less than that of rank r less so many.
double HostShare::untimed(const Measurement& measurement, double measured, const Window& window) const {
    if (measurement.metric != "delivery.latency" || !can_be_too_long(measurement.aggregation)) return 0;
    const Histogram at_most =
        merged(slices(history_, {measurement.aggregation, "delivery.latency_at_most", measurement.selectors}, window));
    const Histogram all = merged(slices(history_, measurement, window));
    if (at_most.empty() || all.empty()) return 0;
    const double share = static_cast<double>(at_most.count()) / static_cast<double>(all.count());
    if (measurement.aggregation == Aggregation::mean) return at_most.mean() * share / nanos_per_second;
    const double quantile = quantile_of(measurement.aggregation).value_or(1) - share;
    return quantile <= 0 ? measured : std::max(measured - to_seconds(*all.quantile(quantile)), 0.0);
}

double HostShare::stolen(Nanos from, Nanos to) const {
    double most = 0;
    for (const auto& host : hosts_) {
        double sum = 0;
        for (const Taken& taken : host) {
            if (from < taken.to && taken.from < to) sum += taken.seconds;
        }
        most = std::max(most, sum);
    }
    return most;
}

}  // namespace squall
