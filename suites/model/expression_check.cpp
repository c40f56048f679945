#include "suites/model/expression_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/scenario.hpp"
#include "suites/model/suggest.hpp"

namespace squall::expression_check {
namespace {

constexpr Aggregation all_aggregations[] = {
    Aggregation::p50,   Aggregation::p90,  Aggregation::p95,      Aggregation::p99,  Aggregation::p999,
    Aggregation::max,   Aggregation::min,  Aggregation::mean,     Aggregation::last, Aggregation::slope,
    Aggregation::count, Aggregation::rate, Aggregation::accounted};

std::vector<Aggregation> fitting(const Metric& metric) {
    using enum Aggregation;
    std::vector<Aggregation> some;
    switch (metric.kind) {
        case MetricKind::distribution:
            some = {p50, p90, p95, p99, p999, max, min, mean, count};
            break;
        case MetricKind::gauge:
            some = {p50, p90, p95, p99, p999, max, min, mean, last, slope};
            break;
        case MetricKind::counter:
            some = {count, rate};
            break;
        case MetricKind::summary:
            some = {p50, p95, p99, max};
            break;
        case MetricKind::books:
            break;
    }
    if (metric.accounted) some.push_back(accounted);
    return some;
}

std::vector<std::string_view> written(const std::vector<Aggregation>& aggregations) {
    std::vector<std::string_view> names;
    for (const Aggregation aggregation : aggregations)
        names.push_back(to_string(aggregation));
    return names;
}

std::string unknown_name(std::string_view what, std::string_view name, const std::vector<std::string>& known) {
    if (known.empty()) return fmt::format("there is no {} '{}': the scenario has none", what, name);
    return fmt::format("there is no {} '{}'; there are {}{}", what, name, fmt::join(known, ", "),
                       did_you_mean(name, known));
}

}  // namespace

std::optional<Aggregation> find_aggregation(std::string_view name) {
    for (const Aggregation aggregation : all_aggregations) {
        if (to_string(aggregation) == name) return aggregation;
    }
    return std::nullopt;
}

std::string unknown_function(std::string_view name) {
    const auto known = written({std::begin(all_aggregations), std::end(all_aggregations)});
    return fmt::format("'{}' is no aggregation; those are {}{}", name, fmt::join(known, ", "),
                       did_you_mean(name, known));
}

std::string metric_problem(std::string_view name) {
    if (find_metric(name) != nullptr) return "";
    std::vector<std::string_view> known;
    for (const Metric& metric : all_metrics())
        known.push_back(metric.name);
    const std::string meant = did_you_mean(name, known);
    return fmt::format("there is no metric '{}'{}", name,
                       meant.empty() ? "; docs/reference/metrics.md lists them all" : meant);
}

std::string aggregation_problem(Aggregation aggregation, const Metric& metric) {
    const auto some = fitting(metric);
    if (std::find(some.begin(), some.end(), aggregation) != some.end()) return "";
    return fmt::format("{} does not fit {}, a {}: use {}", to_string(aggregation), metric.name, to_string(metric.kind),
                       fmt::join(written(some), ", "));
}

std::string selector_problem(const Metric& metric, const Selector& selector, const Names& names) {
    if (std::find(metric.labels.begin(), metric.labels.end(), selector.label) == metric.labels.end()) {
        if (metric.labels.empty()) return fmt::format("{} has no labels", metric.name);
        return fmt::format("{} has no label '{}'; it has {}{}", metric.name, selector.label,
                           fmt::join(metric.labels, ", "), did_you_mean(selector.label, metric.labels));
    }
    const auto known = [&](const std::vector<std::string>& all) {
        return std::find(all.begin(), all.end(), selector.value) != all.end();
    };
    if (selector.label == "cohort") {
        return known(names.cohorts) ? "" : unknown_name("cohort", selector.value, names.cohorts);
    }
    if (selector.label == "publisher") {
        return known(names.publishers) ? "" : unknown_name("publisher", selector.value, names.publishers);
    }
    const std::string problem = label_problem(metric.name, selector.label, selector.value);
    return problem.empty() ? "" : fmt::format("{}='{}': {}", selector.label, selector.value, problem);
}

std::string phase_problem(std::string_view phase, const Names& names) {
    std::vector<std::string> known = names.phases;
    known.insert(known.end(), {"load", "run"});
    return std::find(known.begin(), known.end(), phase) != known.end() ? "" : unknown_name("phase", phase, known);
}

bool is_reference(std::string_view word) {
    return word.starts_with("setting.") || word.starts_with("cohort.") || word.starts_with("phase.");
}

std::optional<Quantity> find_reference(std::string_view path, const Names& names) {
    for (const auto& [known, quantity] : names.references) {
        if (known == path) return quantity;
    }
    return std::nullopt;
}

std::string reference_problem(std::string_view path, const Names& names) {
    if (path.starts_with("setting.")) {
        const std::string_view name = path.substr(8);
        std::vector<std::string_view> known;
        for (const OptionSpec& setting : target_settings()) {
            known.push_back(setting.name);
            if (setting.name != name) continue;
            if (setting.kind != OptionSpec::Kind::quantity) return fmt::format("{} is no quantity", path);
            return fmt::format("{} is not set by this scenario; set {} under target.settings", path, name);
        }
        return fmt::format("there is no setting '{}'{}", name, did_you_mean(name, known));
    }
    std::vector<std::string> known;
    for (const auto& [reference, quantity] : names.references)
        known.push_back(reference);
    return fmt::format("there is no value '{}'; write cohort.NAME.connections or phase.NAME.duration{}", path,
                       did_you_mean(path, known));
}

Dimension dimension_of(Aggregation aggregation, const Metric& metric) {
    switch (aggregation) {
        case Aggregation::count:
        case Aggregation::accounted:
            return dimension::none;
        case Aggregation::rate:
            return dimension::rate;
        case Aggregation::slope:
            return metric.dimension / dimension::time;
        default:
            return metric.dimension;
    }
}

}  // namespace squall::expression_check
