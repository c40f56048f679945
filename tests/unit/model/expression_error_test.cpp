// Every mistake: where it is, what is wrong, what would be right.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "suites/model/expression.hpp"
#include "tests/unit/model/expression_names.hpp"

namespace squall {
namespace {

std::vector<std::string> mistakes(std::string_view text, const Names& names = expression_names()) {
    const ParsedExpression result = parse_expression(text, names);
    EXPECT_EQ(result.expression.has_value(), result.errors.empty());
    std::vector<std::string> lines;
    for (const ExpressionError& error : result.errors)
        lines.push_back(fmt::format("{}: {}", error.column, error.message));
    return lines;
}

/// There is exactly one mistake, and it is this.
void expect_mistake(std::string_view text, const std::string& expected) {
    const auto found = mistakes(text);
    ASSERT_EQ(found.size(), 1u) << text << "\n" << fmt::format("{}", found.empty() ? "none" : found.back());
    EXPECT_EQ(found[0].substr(0, expected.size()), expected) << text;
}

TEST(ExpressionErrors, UnknownNames) {
    expect_mistake("p99(delivery.latncy) < 1s always",
                   "4: there is no metric 'delivery.latncy'; did you mean 'delivery.latency'?");
    expect_mistake("p99(elephants) < 1s always", "4: there is no metric 'elephants'; docs/reference/metrics.md lists");
    expect_mistake("p98(delivery.latency) < 1s always", "0: 'p98' is no aggregation; those are p50, ");
    expect_mistake(
        "p99(delivery.latency{cohrt=slow}) < 1s always",
        "21: delivery.latency has no label 'cohrt'; it has cohort, protocol, publisher; did you mean 'cohort'?");
    expect_mistake("max(target.memory{cohort=slow}) < 1MiB always", "18: target.memory has no labels");
    expect_mistake("p99(delivery.latency{cohort=slwo}) < 1s always",
                   "28: there is no cohort 'slwo'; there are healthy, slow; did you mean 'slow'?");
    expect_mistake("p99(publish.latency{publisher=tiker}) < 1s always",
                   "30: there is no publisher 'tiker'; there are ticker; did you mean 'ticker'?");
    expect_mistake("p99(delivery.latency{protocol=http}) < 1s always",
                   "30: protocol='http': expected one of sse, websocket");
    expect_mistake("count(disconnects{seen=close}) < 1 always", "23: seen='close': expected one of eof_clean, ");
    expect_mistake("count(disconnects{reason=Slow}) < 1 always", "25: reason='Slow': expected a word of small letters");
    expect_mistake(
        "max(target.fds) < 1 during presure",
        "27: there is no phase 'presure'; there are baseline, pressure, cpu-capped, quiet, load, run; did you "
        "mean 'pressure'?");
    expect_mistake("max(target.fds) < 1 from presure.end", "25: there is no phase 'presure'");
    expect_mistake("max(target.memory) < setting.queue_byte_high always",
                   "21: there is no setting 'queue_byte_high'; did you mean 'queue_bytes_high'?");
    expect_mistake("max(target.memory) < setting.send_buffer always",
                   "21: setting.send_buffer is not set by this scenario; set send_buffer under target.settings");
    expect_mistake("max(target.memory) < setting.policy always", "21: setting.policy is no quantity");
    expect_mistake("max(target.fds) < cohort.slwo.connections always",
                   "18: there is no value 'cohort.slwo.connections'; write cohort.NAME.connections or "
                   "phase.NAME.duration; did you mean 'cohort.slow.connections'?");
    expect_mistake("max(target.fds) < elephants always", "18: 'elephants' is neither baseline, nor");
    expect_mistake("max(target.fds) < target.threads always",
                   "18: 'target.threads' needs an aggregation, such as max(target.threads)");
}

TEST(ExpressionErrors, AggregationsThatDoNotFit) {
    expect_mistake("p99(connects) < 1 always", "0: p99 does not fit connects, a counter: use count, rate");
    expect_mistake("count(target.fds) < 1 always", "0: count does not fit target.fds, a gauge: use p50, ");
    expect_mistake("mean(queue.depth) < 1 always",
                   "0: mean does not fit queue.depth, a summary: use p50, p95, p99, max");
    expect_mistake("max(messages) < 1 always", "0: max does not fit messages, a books: use accounted");
    expect_mistake("accounted(disconnects) == 1 always",
                   "0: accounted does not fit disconnects, a counter: use count, rate");
    expect_mistake("slope(delivery.latency) < 1 always", "0: slope does not fit delivery.latency, a distribution");
    expect_mistake("accounted(connections{cohort=slow}) == 1 always",
                   "0: accounted reconciles the whole run and takes no labels");
    expect_mistake("accounted(messages) == 100% during pressure",
                   "0: accounted reconciles the whole run: it is judged 'always'");
}

TEST(ExpressionErrors, Dimensions) {
    expect_mistake("p99(delivery.latency) < 5MiB always",
                   "24: 'p99(delivery.latency)' is time (20ms, 5s), but is compared with '5MiB', which is bytes");
    expect_mistake("max(target.memory) <= baseline + 16 always",
                   "33: 'baseline' is bytes (64KiB, 10MB), but '16' is a plain");
    expect_mistake("max(target.memory) <= max(baseline, 20ms) always", "36: 'baseline' is bytes");
    expect_mistake("slope(target.memory) <= 64KiB always", "24: 'slope(target.memory)' is bytes per second (64KiB/s)");
    expect_mistake("max(target.fds) < 1 within 5 of pressure.end",
                   "27: the limit '5' is a plain number or a percentage");
    expect_mistake("max(target.fds) < 1 from pressure.end + 5MiB", "40: the offset '5MiB' is bytes");
    expect_mistake("max(target.fds) < 1 within max(target.fds) * 1s of pressure.end",
                   "27: the limit must be known before the run");
}

TEST(ExpressionErrors, Baseline) {
    expect_mistake("baseline < 1s always", "0: baseline stands for the left side's value");
    expect_mistake("max(target.fds) + max(target.threads) <= baseline always",
                   "41: baseline is ambiguous: the left side has 2 measurements, not one");
    expect_mistake("max(target.fds) <= 2 * baseline during baseline", "23: compared with itself");
    Names without = expression_names();
    without.phases = {"pressure"};
    const auto found = mistakes("max(target.fds) <= baseline always", without);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0], "19: baseline needs a phase named 'baseline'; the scenario has none");
}

TEST(ExpressionErrors, Syntax) {
    expect_mistake("p99(delivery.latency) = 1s always",
                   "22: expected a comparison (< <= > >= == !=), found '='; equality is '=='");
    expect_mistake("p99(delivery.latency) < 1s", "26: expected during, always, within, from, found the end");
    expect_mistake("p99(delivery.latency) < 1s durng pressure",
                   "27: expected during, always, within, from, found 'durng'; did you mean 'during'?");
    expect_mistake("p99(delivery.latency < 1s always", "21: expected ')' behind the metric, found '<'");
    expect_mistake("p99(delivery.latency) < 1s always always", "34: expected the end, found 'always'");
    expect_mistake("p99(delivery.latency) < always", "24: expected a value, found 'always'");
    expect_mistake("p99() < 1s always", "4: expected a metric, such as delivery.latency, found ')'");
    expect_mistake("p99(delivery.latency{cohort}) < 1s always", "27: expected '=' behind the label, found '}'");
    expect_mistake("p99(delivery.latency{cohort=}) < 1s always", "28: expected the value of cohort, found '}'");
    expect_mistake("p99(delivery.latency{cohort=slow cohort=slow}) < 1s always",
                   "33: expected ',' or '}' behind a label's value");
    expect_mistake("p99(delivery.latency{cohort=slow, cohort=slow}) < 1s always", "34: cohort stands twice");
    expect_mistake("max(target.fds) < max(5) always", "18: max takes one metric, or two values or more");
    expect_mistake("max(target.fds) < 5 within 5s after pressure.end",
                   "30: expected 'of' and an instant behind the limit, found 'after'");
    expect_mistake("max(target.fds) < 5 from pressure",
                   "25: expected an instant, such as pressure.end or load.start, found 'pressure'");
    expect_mistake("max(target.fds) < 5 during 7", "27: expected the name of a phase, found '7'");
    expect_mistake("max(target.memory) < 5parsecs always", "21: 'parsecs' is not a unit; units are ");
    expect_mistake("5 < max(target.fds) - baseline always", "0: the left side measures nothing");
    expect_mistake("max(target.memory) <= baseline-5MiB always", "22: 'baseline-5MiB' is neither");
    expect_mistake("", "0: expected a value, such as 20ms, baseline or p99(delivery.latency), found the end");
}

TEST(ExpressionErrors, AllMistakesAtOnce) {
    const auto found = mistakes("p99(delivery.latncy{cohort=slow}) < 5parsecs within 5MiB of presure.end");
    ASSERT_EQ(found.size(), 4u);
    EXPECT_EQ(found[0].substr(0, 3), "4: ");
    EXPECT_EQ(found[1].substr(0, 4), "36: ");
    EXPECT_EQ(found[2].substr(0, 4), "52: ");
    EXPECT_EQ(found[3].substr(0, 4), "60: ");
}

TEST(ExpressionErrors, GoesOnBehindASyntaxError) {
    const auto found = mistakes("p99 delivery.latency < 5MiB + 1s during presure");
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].substr(0, 3), "0: ");
    EXPECT_EQ(found[1].substr(0, 4), "30: ");
    EXPECT_EQ(found[2].substr(0, 4), "40: ");
}

TEST(ExpressionErrors, DepthAndLengthAreBounded) {
    const std::string deep = "max(target.fds) < " + std::string(2000, '(') + "1" + std::string(2000, ')') + " always";
    EXPECT_NE(mistakes(deep).at(0).find("nested more than 64 deep"), std::string::npos);
    EXPECT_NE(mistakes(std::string(5000, ' ')).at(0).find("longer than 4096"), std::string::npos);
    const std::string minuses = "max(target.fds) < " + std::string(3000, '-') + "1 always";
    EXPECT_NE(mistakes(minuses).at(0).find("nested more than 64 deep"), std::string::npos);
}

// Whatever is typed, there is an expression or a mistake, with a column inside the text.
TEST(ExpressionErrors, SurvivesAnyText) {
    const std::string good =
        "p99(delivery.latency{cohort=slow}) <= max(3 * baseline, 20ms) + 5ms within 5s of pressure.end - 1s";
    const std::string alphabet = "(){}=<>+-*/.,% 0125abemnsx_\"'\n\\\x80";
    std::mt19937_64 random(1);
    for (int round = 0; round < 3000; ++round) {
        std::string text = good;
        for (std::size_t edits = 1 + random() % 4; edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) {
                text.erase(at, 1 + random() % 3);
            } else {
                text.insert(at, 1, alphabet[random() % alphabet.size()]);
            }
        }
        const ParsedExpression result = parse_expression(text, expression_names());
        ASSERT_EQ(result.expression.has_value(), result.errors.empty()) << text;
        for (const ExpressionError& error : result.errors)
            ASSERT_LE(error.column, text.size()) << text;
    }
}

}  // namespace
}  // namespace squall
