// Invariant expressions: parsed and checked before anything starts, evaluated by suites/invariants.
// The grammar stands above the parser in expression_parser.cpp and in docs/reference/expressions.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "faults/core/units.hpp"
#include "suites/model/metric.hpp"

namespace squall {

enum class Aggregation { p50, p90, p95, p99, p999, max, min, mean, last, slope, count, rate, accounted };
std::string_view to_string(Aggregation aggregation);  ///< "p99.9"

struct Selector {
    std::string label;
    std::string value;
    friend bool operator==(const Selector&, const Selector&) = default;
};

/// p99(delivery.latency{cohort=healthy})
struct Measurement {
    Aggregation aggregation{};
    std::string metric;
    std::vector<Selector> selectors;
    friend bool operator==(const Measurement&, const Measurement&) = default;
};

struct Node;
using NodePtr = std::shared_ptr<const Node>;  // immutable once parsed

struct Constant {
    Quantity quantity;
    std::string text;  ///< as written
};
/// The left side's only measurement, in the phase "baseline".
struct Baseline {
    Measurement measurement;
};
/// A value of the scenario as resolved: setting.queue_bytes_high, cohort.slow.connections, phase.pressure.duration.
struct Reference {
    std::string path;
};
struct Operation {
    enum class Kind { add, subtract, multiply, divide, max, min } kind;
    NodePtr left;
    NodePtr right;
};

struct Node {
    std::variant<Constant, Measurement, Baseline, Reference, Operation> what;
    Dimension dimension;  ///< checked
};

enum class Comparison { less, less_equal, greater, greater_equal, equal, not_equal };
std::string_view to_string(Comparison comparison);

/// pressure.end + 5s. `offset` may be null.
struct Instant {
    std::string phase;
    bool end = false;
    NodePtr offset;  ///< of dimension time; subtracted if `negative`
    bool negative = false;
};

struct During {
    std::string phase;
};
struct Always {};
/// Counters (every measurement on the left is a count or rate of one): over [of, of + limit]. Everything else: holds
/// from of + limit at the latest until the end of the phase that is in force then (liveness is only asked for once
/// faults are lifted and a settling time has passed).
struct Within {
    NodePtr limit;
    Instant of;
};
/// From an instant to the end of the phase in force at that instant.
struct From {
    Instant since;
};
using When = std::variant<During, Always, Within, From>;

struct Expression {
    NodePtr left;
    Comparison comparison{};
    NodePtr right;
    When when;
    std::string text;  ///< as written, blanks squeezed
};

/// What names may stand for, besides metrics.
struct Names {
    std::vector<std::string> phases;  ///< "load" and "run" are added by the checker
    std::vector<std::string> cohorts;
    std::vector<std::string> publishers;
    std::vector<std::pair<std::string, Quantity>> references;  ///< path -> value
};

struct ExpressionError {
    std::size_t column = 0;  ///< 0-based offset into the text
    std::string message;     ///< what is wrong and what would be right ("did you mean …")
};

/// All mistakes that can be found at once, not the first only.
struct ParsedExpression {
    std::optional<Expression> expression;  ///< only without errors
    std::vector<ExpressionError> errors;
};
ParsedExpression parse_expression(std::string_view text, const Names& names);

/// A measurement by itself, such as p95(queue.depth), that can be taken over any window: not accounted().
struct ParsedMeasurement {
    std::optional<Measurement> measurement;  ///< only without errors
    Dimension dimension;                     ///< of its values
    std::vector<ExpressionError> errors;
};
ParsedMeasurement parse_measurement(std::string_view text, const Names& names);

/// Every measurement in the expression, baselines included (each once, left to right).
std::vector<Measurement> measurements(const Expression& expression);
/// Those that stand for themselves, and those that stand behind the word "baseline".
std::vector<Measurement> own_measurements(const Node& node);
std::vector<Measurement> baseline_measurements(const Node& node);

/// p99(delivery.latency{cohort=healthy})
std::string to_string(const Measurement& measurement);
/// "pressure", "run", "5s after pressure.end", "from load.end + 5s"
std::string to_string(const When& when, const Names& names);

/// What the leaves of a value are worth. References are looked up in `names`.
struct Valuation {
    const Names& names;
    std::function<double(const Measurement&)> measured = {};
    std::function<double(const Measurement&)> baseline = {};
};
/// In base units; not finite after a division by nought. Throws std::logic_error for a leaf that nothing is known
/// about.
double evaluate(const Node& node, const Valuation& valuation);

/// What a value may be.
struct Range {
    double low = 0;
    double high = 0;
};
struct RangeValuation {
    const Names& names;
    std::function<Range(const Measurement&)> measured;
    std::function<Range(const Measurement&)> baseline;
};
/// The least and the most that the node may be worth when every leaf is anywhere in its range. Leaves vary by
/// themselves: `x - x` is not nought.
Range evaluate_range(const Node& node, const RangeValuation& valuation);

/// Counters are judged over [of, of + limit] of a `within`; see Within.
bool counts_only(const Expression& expression);

}  // namespace squall
