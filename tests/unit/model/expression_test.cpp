#include "suites/model/expression.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "suites/model/overloaded.hpp"
#include "tests/unit/model/expression_names.hpp"

namespace squall {
namespace {

/// Fully parenthesised, so that precedence is visible.
std::string shape(const Node& node) {
    return std::visit(
        overloaded{[](const Constant& c) { return c.text; }, [](const Measurement& m) { return to_string(m); },
                   [](const Baseline&) { return std::string("baseline"); }, [](const Reference& r) { return r.path; },
                   [](const Operation& o) {
                       const char* names[] = {"+", "-", "*", "/", "max", "min"};
                       return fmt::format("({} {} {})", shape(*o.left), names[static_cast<int>(o.kind)],
                                          shape(*o.right));
                   }},
        node.what);
}

Expression parsed(std::string_view text) {
    ParsedExpression result = parse_expression(text, expression_names());
    for (const ExpressionError& error : result.errors)
        ADD_FAILURE() << text << "\n" << error.column << ": " << error.message;
    return result.expression ? *result.expression : Expression{};
}

/// shape of left, comparison, shape of right, window.
std::string read(std::string_view text) {
    const Expression e = parsed(text);
    if (!e.left) return "";
    return fmt::format("{} {} {} | {}", shape(*e.left), to_string(e.comparison), shape(*e.right),
                       to_string(e.when, expression_names()));
}

// The expressions of the design, letter by letter.
TEST(Expression, EveryExpressionOfTheDesignIsUnderstood) {
    EXPECT_EQ(read("p99(delivery.latency{cohort=healthy}) <= max(3 * baseline, 20ms)          during pressure"),
              "p99(delivery.latency{cohort=healthy}) <= ((3 * baseline) max 20ms) | pressure");
    EXPECT_EQ(
        read("p99(delivery.latency) <= 1.5 * baseline                                   within 5s of pressure.end"),
        "p99(delivery.latency) <= (1.5 * baseline) | 5s after pressure.end");
    EXPECT_EQ(read("max(target.memory) <= baseline + 20 * 1MiB + 16MiB                        always"),
              "max(target.memory) <= ((baseline + (20 * 1MiB)) + 16MiB) | run");
    EXPECT_EQ(read("slope(target.memory) <= 64KiB/s                                           during pressure"),
              "slope(target.memory) <= 64KiB/s | pressure");
    EXPECT_EQ(
        read("count(disconnects{cohort=slow, reason=slow_consumer}) == 20               within 10s of pressure.start"),
        "count(disconnects{cohort=slow, reason=slow_consumer}) == 20 | 10s after pressure.start");
    EXPECT_EQ(read("count(disconnects{cohort=healthy}) == 0                                   always"),
              "count(disconnects{cohort=healthy}) == 0 | run");
    EXPECT_EQ(read("max(silence{protocol=websocket}) < 60s                                    always"),
              "max(silence{protocol=websocket}) < 60s | run");
    EXPECT_EQ(read("mean(target.cpu) <= 0.05 cores                                            from load.end + 5s"),
              "mean(target.cpu) <= 0.05 cores | from load.end + 5s");
    EXPECT_EQ(read("p95(queue.depth) < 5                                                      during baseline"),
              "p95(queue.depth) < 5 | baseline");
    EXPECT_EQ(read("accounted(messages) == 100%                                               always"),
              "accounted(messages) == 100% | run");
}

TEST(Expression, TextKeepsOneBlankForMany) {
    EXPECT_EQ(parsed("  count( disconnects )   ==\n 0 \t always ").text, "count( disconnects ) == 0 always");
}

TEST(Expression, PrecedenceAndParentheses) {
    EXPECT_EQ(read("max(target.fds) <= 1 + 2 * 3 - 4 / 2 always"),
              "max(target.fds) <= ((1 + (2 * 3)) - (4 / 2)) | run");
    EXPECT_EQ(read("max(target.fds) <= (1 + 2) * -3 always"), "max(target.fds) <= ((1 + 2) * (-1 * 3)) | run");
    EXPECT_EQ(read("max(target.fds) <= min(1, 2, max(3, 4)) always"),
              "max(target.fds) <= ((1 min 2) min (3 max 4)) | run");
}

TEST(Expression, MaxAndMinAreAggregationsOfOneMetricAndFunctionsOfValues) {
    EXPECT_EQ(read("max( target.memory ) <= max(baseline, 5MiB) always"),
              "max(target.memory) <= (baseline max 5MiB) | run");
    EXPECT_EQ(read("min(connections{cohort=slow}) >= max(cohort.slow.connections, 3) always"),
              "min(connections{cohort=slow}) >= (cohort.slow.connections max 3) | run");
    EXPECT_EQ(read("max(max(target.memory), max(target.rss)) <= 5MiB always"),
              "(max(target.memory) max max(target.rss)) <= 5MiB | run");
}

TEST(Expression, MeasurementsMayStandOnTheRight) {
    EXPECT_EQ(read("p99(delivery.latency{cohort=healthy}) <= 2 * p99(delivery.latency{cohort=slow}) during pressure"),
              "p99(delivery.latency{cohort=healthy}) <= (2 * p99(delivery.latency{cohort=slow})) | pressure");
    const Expression e = parsed("count(messages.missed) == count(declared.drops) always");
    ASSERT_EQ(measurements(e).size(), 2u);
    EXPECT_EQ(measurements(e)[1].metric, "declared.drops");
}

TEST(Expression, WindowsTakeSettingsPhasesAndArithmetic) {
    EXPECT_EQ(
        read("count(disconnects) >= 1 within setting.ping_interval + setting.pong_deadline + 1s of pressure.start"),
        "count(disconnects) >= 1 | 4s after pressure.start");
    EXPECT_EQ(read("max(target.fds) < 9 from pressure.start + 1s"), "max(target.fds) < 9 | from pressure.start + 1s");
    EXPECT_EQ(read("max(target.fds) < 9 from pressure.end - 1s + 500ms"),
              "max(target.fds) < 9 | from pressure.end - 500ms");
    EXPECT_EQ(read("max(target.fds) < 9 from pressure.start + phase.pressure.duration / 2"),
              "max(target.fds) < 9 | from pressure.start + 2s");
    EXPECT_EQ(read("max(target.fds) < 9 within 2 * (1s + 500ms) of cpu-capped.end"),
              "max(target.fds) < 9 | 3s after cpu-capped.end");
    EXPECT_EQ(read("max(target.fds) < 9 during cpu-capped"), "max(target.fds) < 9 | cpu-capped");
    EXPECT_EQ(read("max(target.fds) < 9 during load"), "max(target.fds) < 9 | load");
    EXPECT_EQ(read("max(target.fds) < 9 within 1s of run.start"), "max(target.fds) < 9 | 1s after run.start");
}

TEST(Expression, AMinusBehindAnOffsetKeepsItsMeaning) {
    const Expression e = parsed("max(target.fds) < 9 from pressure.end - 3s + 1s - 500ms");
    const Instant& since = std::get<From>(e.when).since;
    EXPECT_TRUE(since.negative);
    EXPECT_EQ(evaluate(*since.offset, {expression_names()}), 2.5);
}

TEST(Expression, SelectorsTakeNumbersWordsAndNone) {
    EXPECT_EQ(read("count(messages.rejected{publisher=ticker,status=429}) == 0 always"),
              "count(messages.rejected{publisher=ticker, status=429}) == 0 | run");
    EXPECT_EQ(read("count(disconnects{}) == 0 always"), "count(disconnects) == 0 | run");
    EXPECT_EQ(read("count(disconnects{seen=close_1013, protocol=websocket}) == 0 always"),
              "count(disconnects{seen=close_1013, protocol=websocket}) == 0 | run");
}

TEST(Expression, EveryAggregationAndComparisonIsRead) {
    for (const char* name : {"p50", "p90", "p95", "p99", "p99.9", "max", "min", "mean"}) {
        EXPECT_EQ(read(fmt::format("{}(delivery.latency) < 1s always", name)),
                  fmt::format("{}(delivery.latency) < 1s | run", name));
    }
    for (const char* sign : {"<", "<=", ">", ">=", "==", "!="}) {
        EXPECT_EQ(read(fmt::format("count(connects){}3 always", sign)),
                  fmt::format("count(connects) {} 3 | run", sign));
    }
    EXPECT_EQ(read("rate(messages.delivered) >= 100/s during pressure"),
              "rate(messages.delivered) >= 100/s | pressure");
    EXPECT_EQ(read("last(target.fds) <= baseline from quiet.start"), "last(target.fds) <= baseline | from quiet.start");
    EXPECT_EQ(read("accounted(connections) == 100% always"), "accounted(connections) == 100% | run");
}

TEST(Expression, NoughtHasEveryUnit) {
    EXPECT_EQ(read("slope(target.memory) <= 0 always"), "slope(target.memory) <= 0 | run");
    EXPECT_EQ(read("max(target.memory) <= baseline + 0 always"), "max(target.memory) <= (baseline + 0) | run");
}

TEST(Expression, DimensionsMultiplyAndDivide) {
    EXPECT_EQ(parsed("max(target.memory) <= 64KiB/s * 2s + 20 * setting.queue_bytes_high always").right->dimension,
              dimension::bytes);
    EXPECT_EQ(parsed("max(target.memory) / 1MiB <= 64 always").left->dimension, dimension::none);
    EXPECT_EQ(parsed("slope(target.cpu) <= 1 cores / 1s always").left->dimension,
              (Dimension{.seconds = -1, .cores = 1}));
}

TEST(Expression, EvaluatesArithmetic) {
    const Names names = expression_names();
    const Expression e = parsed("max(target.memory) <= max(3 * baseline, 1KiB) - setting.queue_bytes_high / 2 always");
    const Valuation valuation{names, {}, [](const Measurement& m) {
                                  EXPECT_EQ(to_string(m), "max(target.memory)");
                                  return 1000.0;
                              }};
    EXPECT_EQ(evaluate(*e.right, valuation), 3000 - 512);
    EXPECT_THROW(evaluate(*e.left, valuation), std::logic_error);
}

TEST(Expression, EvaluatesRangesToTheirExtremes) {
    const Names names = expression_names();
    Range baseline{1000, 3000};
    const auto range = [&](const char* text) {
        const Expression e = parsed(std::string("max(target.memory) <= ") + text + " always");
        return evaluate_range(*e.right, {names, {}, [&](const Measurement&) { return baseline; }});
    };
    const auto expect = [&](const char* text, double low, double high) {
        EXPECT_EQ(range(text).low, low) << text;
        EXPECT_EQ(range(text).high, high) << text;
    };
    expect("2 * baseline + 1KiB", 3024, 7024);
    expect("8KiB - baseline", 5192, 7192);
    expect("max(baseline, 2KiB)", 2048, 3000);
    expect("6000B * 1B / baseline", 2, 6);
    const double infinity = std::numeric_limits<double>::infinity();
    expect("1B * 1B / (baseline - 2000B)", -infinity, infinity);
    baseline.low = 0;
    expect("6000B * 1B / baseline", 2, infinity);
    expect("baseline * (1B / baseline)", 0, infinity);
}

TEST(Expression, OnlyCountersAreCountedFromAnInstant) {
    EXPECT_TRUE(counts_only(parsed("count(disconnects) + count(hangups) == 2 within 1s of pressure.start")));
    EXPECT_FALSE(counts_only(parsed("max(target.fds) == 2 within 1s of pressure.start")));
}

TEST(Expression, BaselineStandsForTheLeftMeasurement) {
    const Expression e = parsed("p99(delivery.latency{cohort=slow}) <= 2 * baseline during pressure");
    ASSERT_EQ(baseline_measurements(*e.right).size(), 1u);
    EXPECT_EQ(baseline_measurements(*e.right)[0], own_measurements(*e.left)[0]);
    EXPECT_EQ(measurements(e).size(), 1u);
}

}  // namespace
}  // namespace squall
