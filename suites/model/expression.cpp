// What can be said about a parsed expression: its measurements, its value, its words.
#include "suites/model/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "suites/model/overloaded.hpp"

namespace squall {
namespace {

struct AggregationName {
    Aggregation aggregation;
    std::string_view name;
};

constexpr std::array aggregation_names{
    AggregationName{Aggregation::p50, "p50"},
    AggregationName{Aggregation::p90, "p90"},
    AggregationName{Aggregation::p95, "p95"},
    AggregationName{Aggregation::p99, "p99"},
    AggregationName{Aggregation::p999, "p99.9"},
    AggregationName{Aggregation::max, "max"},
    AggregationName{Aggregation::min, "min"},
    AggregationName{Aggregation::mean, "mean"},
    AggregationName{Aggregation::last, "last"},
    AggregationName{Aggregation::slope, "slope"},
    AggregationName{Aggregation::count, "count"},
    AggregationName{Aggregation::rate, "rate"},
    AggregationName{Aggregation::accounted, "accounted"},
};

void add_once(std::vector<Measurement>& all, const Measurement& measurement) {
    if (std::find(all.begin(), all.end(), measurement) == all.end()) all.push_back(measurement);
}

void collect(const Node& node, std::vector<Measurement>* own, std::vector<Measurement>* baselines) {
    std::visit(overloaded{[&](const Measurement& m) {
                              if (own != nullptr) add_once(*own, m);
                          },
                          [&](const Baseline& b) {
                              if (baselines != nullptr) add_once(*baselines, b.measurement);
                          },
                          [&](const Operation& o) {
                              collect(*o.left, own, baselines);
                              collect(*o.right, own, baselines);
                          },
                          [](const auto&) {}},
               node.what);
}

double combined(Operation::Kind kind, double left, double right) {
    switch (kind) {
        case Operation::Kind::add:
            return left + right;
        case Operation::Kind::subtract:
            return left - right;
        case Operation::Kind::multiply:
            return left * right;
        case Operation::Kind::divide:
            return left / right;
        case Operation::Kind::max:
            return std::max(left, right);
        case Operation::Kind::min:
            return std::min(left, right);
    }
    throw std::logic_error("operation of an unknown kind");
}

/// All operations are monotonic in each operand where they are finite: their extremes are at the corners. Those that
/// have no value (0 / 0, 0 × ∞) lie between the others.
Range combined(Operation::Kind kind, const Range& left, const Range& right) {
    const double infinity = std::numeric_limits<double>::infinity();
    const bool around_nought = right.low <= 0 && right.high >= 0 && (right.low < 0 || right.high == 0);
    if (kind == Operation::Kind::divide && around_nought) return {-infinity, infinity};
    Range range{std::nan(""), std::nan("")};
    for (const double one : {left.low, left.high}) {
        for (const double other : {right.low, right.high}) {
            const double corner = combined(kind, one, other);
            range = {std::fmin(range.low, corner), std::fmax(range.high, corner)};
        }
    }
    return range;
}

double ask(const std::function<double(const Measurement&)>& known, const Measurement& measurement) {
    if (!known) throw std::logic_error("a constant was expected, not " + to_string(measurement));
    return known(measurement);
}

std::string duration(const NodePtr& node, const Names& names) {
    return format_quantity(evaluate(*node, {names}), dimension::time);
}

std::string described(const Instant& instant, const Names& names) {
    std::string text = instant.phase + (instant.end ? ".end" : ".start");
    if (instant.offset) text += (instant.negative ? " - " : " + ") + duration(instant.offset, names);
    return text;
}

}  // namespace

std::string_view to_string(Aggregation aggregation) {
    for (const auto& [value, name] : aggregation_names) {
        if (value == aggregation) return name;
    }
    return "?";
}

std::string_view to_string(Comparison comparison) {
    switch (comparison) {
        case Comparison::less:
            return "<";
        case Comparison::less_equal:
            return "<=";
        case Comparison::greater:
            return ">";
        case Comparison::greater_equal:
            return ">=";
        case Comparison::equal:
            return "==";
        case Comparison::not_equal:
            return "!=";
    }
    return "?";
}

std::string to_string(const Measurement& measurement) {
    std::string text = fmt::format("{}({}", to_string(measurement.aggregation), measurement.metric);
    const char* separator = "{";
    for (const Selector& selector : measurement.selectors) {
        text += fmt::format("{}{}={}", separator, selector.label, selector.value);
        separator = ", ";
    }
    return text + (measurement.selectors.empty() ? ")" : "})");
}

std::string to_string(const When& when, const Names& names) {
    return std::visit(
        overloaded{[](const During& d) { return d.phase; }, [](const Always&) { return std::string("run"); },
                   [&](const Within& w) { return duration(w.limit, names) + " after " + described(w.of, names); },
                   [&](const From& f) { return "from " + described(f.since, names); }},
        when);
}

std::vector<Measurement> own_measurements(const Node& node) {
    std::vector<Measurement> all;
    collect(node, &all, nullptr);
    return all;
}

std::vector<Measurement> baseline_measurements(const Node& node) {
    std::vector<Measurement> all;
    collect(node, nullptr, &all);
    return all;
}

std::vector<Measurement> measurements(const Expression& expression) {
    std::vector<Measurement> all;
    collect(*expression.left, &all, &all);
    collect(*expression.right, &all, &all);
    return all;
}

bool counts_only(const Expression& expression) {
    const auto measured = own_measurements(*expression.left);
    return std::all_of(measured.begin(), measured.end(), [](const Measurement& measurement) {
        const Metric* metric = find_metric(measurement.metric);
        return metric != nullptr && metric->kind == MetricKind::counter;
    });
}

double evaluate(const Node& node, const Valuation& valuation) {
    return std::visit(
        overloaded{[](const Constant& c) { return c.quantity.value; },
                   [&](const Measurement& m) { return ask(valuation.measured, m); },
                   [&](const Baseline& b) { return ask(valuation.baseline, b.measurement); },
                   [&](const Reference& r) {
                       for (const auto& [path, quantity] : valuation.names.references) {
                           if (path == r.path) return quantity.value;
                       }
                       throw std::logic_error(r.path +
                                              " is not known; a setting has to be told to, or declared by, the target");
                   },
                   [&](const Operation& o) {
                       return combined(o.kind, evaluate(*o.left, valuation), evaluate(*o.right, valuation));
                   }},
        node.what);
}

Range evaluate_range(const Node& node, const RangeValuation& valuation) {
    if (const auto* measurement = std::get_if<Measurement>(&node.what)) return valuation.measured(*measurement);
    if (const auto* baseline = std::get_if<Baseline>(&node.what)) return valuation.baseline(baseline->measurement);
    if (const auto* operation = std::get_if<Operation>(&node.what)) {
        return combined(operation->kind, evaluate_range(*operation->left, valuation),
                        evaluate_range(*operation->right, valuation));
    }
    const double value = evaluate(node, {valuation.names});
    return {value, value};
}

}  // namespace squall
