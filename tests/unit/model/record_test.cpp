// The record of an incident in a scenario: read, checked, and its free parameters replaced.
#include <gmock/gmock.h>

#include "tests/unit/model/scenario_mistakes.hpp"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Right as it stands; each test breaks one line of it.
const std::string good = R"(name: broadcast   # a comment that stays
summary: One sentence.
target:
  settings: {queue_messages_high: 100, queue_messages_low: 50}
cohorts:
  - {name: healthy, protocol: sse, connections: 990}
  - name: slow
    protocol: sse
    connections: 10
    reading: {mode: limited, rate: 10KB/s}
phases: [{name: load-on, duration: 8s}]
invariants: [count(connects) > 0 always]
record:
  source: broadcast.log
  speed: 4
  series:
    - name: queue depth p95
      measure: p95(queue.depth)
      unit: count
      scale: 0.02
      points: [[0, 156], [30, 287]]
    - {name: memory, measure: max(target.memory), unit: B, points: [[0, 1.52e10], [10.5, 15800000000]]}
  free:
    - {what: slow-share, at: 1%, from: 0.1%, to: 5%}
    - {what: slow-rate, at: 10KB/s, from: 1KB/s, to: 1MB/s}
    - {what: queue-bound, at: 100, from: 10, to: 10000}
)";

void expect_mistake(const std::string& from, const std::string& to, const std::string& expected) {
    const auto found = mistakes(replaced(good, from, to));
    EXPECT_THAT(found, ElementsAre(HasSubstr(expected))) << to;
}

TEST(ScenarioRecord, IsRead) {
    const auto parsed = parse_scenario(good, "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario) << to_string(parsed.errors.front());
    const Record& record = *parsed.scenario->record;
    EXPECT_EQ(record.source, "broadcast.log");
    EXPECT_EQ(record.replayed(30), 7500 * nanos_per_second / 1000);
    ASSERT_EQ(record.series.size(), 2u);
    EXPECT_EQ(to_string(record.series[0].measure), "p95(queue.depth)");
    EXPECT_EQ(record.series[0].scale, 0.02);
    EXPECT_EQ(record.series[0].points[1].at_s, 30);
    EXPECT_EQ(record.series[0].points[1].value, 287);
    EXPECT_EQ(record.series[1].dimension, dimension::bytes);
    EXPECT_EQ(record.series[1].points[0].value, 1.52e10);
    ASSERT_EQ(record.free.size(), 3u);
    EXPECT_EQ(record.free[1].what, FreeParameter::What::slow_rate);
    EXPECT_EQ(record.free[1].to, 1e6);
}

TEST(ScenarioRecord, MistakesInASeries) {
    expect_mistake("      unit: count\n", "", "s.yaml:17:7: a recorded series needs the key 'unit'");
    expect_mistake("unit: count", "unit: MB", "s.yaml:19:13: unit: 'MB' is none of count, B, s, cores, 1/s, share");
    expect_mistake(
        "unit: count", "unit: s",
        "s.yaml:19:13: unit: p95(queue.depth) is a plain number or a percentage (20, 5%); expected count or share");
    expect_mistake("p95(queue.depth)", "p95(queue.dpeth)",
                   "s.yaml:18:20: there is no metric 'queue.dpeth'; did you mean 'queue.depth'?");
    expect_mistake("p95(queue.depth)", "p95(queue.depth) + 1", "s.yaml:18:16: expected one measurement, such as");
    expect_mistake("p95(queue.depth)", "p95(queue.depth) <= 5", "s.yaml:18:33: expected the end, found '<'");
    expect_mistake("p95(queue.depth)", "accounted(messages)", "s.yaml:18:16: accounted reconciles the whole run");
    expect_mistake("p95(queue.depth)", "max(connections{cohort=fast})",
                   "s.yaml:18:39: there is no cohort 'fast'; there are healthy, slow");
    expect_mistake("p95(queue.depth)", "slope(target.memory)",
                   "s.yaml:18:16: measure: is bytes per second (64KiB/s), which");
    expect_mistake("scale: 0.02", "scale: 0", "s.yaml:20:14: scale: '0' is outside");
    expect_mistake("speed: 4", "speed: 4x", "s.yaml:15:10: speed: 'x' is not a unit");
    expect_mistake("name: memory", "name: queue depth p95", "s.yaml:22:14: name: 'queue depth p95' stands twice");
}

TEST(ScenarioRecord, MistakesInPoints) {
    const std::string points = "points: [[0, 156], [30, 287]]";
    expect_mistake(points, "points: []", "s.yaml:21:15: points: expected a list, such as [[0, 156], [30, 287]]");
    expect_mistake(points, "points: [[0, 156]]", "s.yaml:21:15: points: a series has two points at least");
    expect_mistake(points, "points: [[0, 156], [0, 287]]",
                   "s.yaml:21:27: points: times must increase; 0 does not come after 0");
    expect_mistake(points, "points: [[0, 156], 287]",
                   "s.yaml:21:26: points: expected [seconds, value], such as [30, 287]");
    expect_mistake(points, "points: [[-1, 156], [30, 287]]",
                   "s.yaml:21:17: points: expected seconds since the first instant");
    for (const char* value : {"8GB", "inf", "nan", "-1", "''", "[1]"})
        expect_mistake(points, "points: [[0, " + std::string(value) + "], [30, 287]]",
                       "s.yaml:21:20: points: expected a value in base units, 0 or more");
    std::string many = "points: [";
    for (int i = 0; i <= 10'000; ++i)
        many += "[" + std::to_string(i) + ",1],";
    expect_mistake(points, many + "]", "points: has 10001 elements; at most 10000 are allowed");
}

TEST(ScenarioRecord, MistakesInWhatIsFree) {
    expect_mistake("what: slow-share", "what: slow-shore", "s.yaml:24:14: what: 'slow-shore' is none of slow-share");
    expect_mistake("what: slow-share, at: 1%, from: 0.1%, to: 5%", "what: queue-bound, at: 100, from: 10, to: 10000",
                   "s.yaml:26:14: what: queue-bound stands twice");
    expect_mistake("at: 1%", "at: 1KB/s", "s.yaml:24:30: at: '1KB/s' is bytes per second");
    expect_mistake("at: 1%", "at: 2%", "s.yaml:24:30: at: the scenario has it at 1.00%");
    expect_mistake("at: 1%, from: 0.1%", "at: 1%, from: 2%", "s.yaml:24:30: at: is outside 2.00%..5.00%");
    expect_mistake("to: 5%", "to: 100%",
                   "s.yaml:24:50: to: that would be 1000 of 1000 connections; 999 can be slow, and one of 'healthy' "
                   "stays: 99.9% at most");
    expect_mistake("from: 0.1%", "from: 6%", "s.yaml:24:40: from: is not below 'to', 5.00%");
    expect_mistake("from: 0.1%", "from: 0%", "s.yaml:24:40: from: '0%' is outside");
    expect_mistake("at: 100,", "at: 120,", "s.yaml:26:31: at: the scenario has it at 100");
    expect_mistake("queue_messages_high: 100, queue_messages_low: 50", "ping_interval: 1s",
                   "s.yaml:26:14: what: queue-bound needs target.settings.queue_messages_high");
    expect_mistake("reading: {mode: limited, rate: 10KB/s}", "reading: stopped",
                   "s.yaml:25:14: what: slow-rate needs a cohort 'slow' with reading: {mode: limited");
    expect_mistake("name: healthy", "name: fast",
                   "s.yaml:24:14: what: slow-share needs two cohorts, 'slow' and 'healthy'");
}

TEST(ScenarioRecord, AllMistakesAtOnce) {
    std::string text = replaced(good, "unit: count", "unit: s");
    text = replaced(text, "[30, 287]", "[0, 287]");
    text = replaced(text, "at: 100,", "at: 101,");
    EXPECT_EQ(mistakes(text).size(), 3u);
}

TEST(FreeValues, AreWrittenWhereTheyActAndEverythingElseStays) {
    using enum FreeParameter::What;
    const auto edited = with_free_values(good, {{slow_share, 0.02}, {slow_rate, 20480}, {queue_bound, 317.4}});
    ASSERT_TRUE(edited) << edited.error().message;
    std::string expected = replaced(good, "queue_messages_high: 100, queue_messages_low: 50",
                                    "queue_messages_high: 317, queue_messages_low: 158");
    expected = replaced(expected, "connections: 990", "connections: 980");
    expected = replaced(expected, "connections: 10\n", "connections: 20\n");
    expected = replaced(expected, "rate: 10KB/s", "rate: 20KiB/s");
    expected = replaced(expected, "at: 1%", "at: 2.00%");
    expected = replaced(expected, "at: 10KB/s", "at: 20KiB/s");
    expected = replaced(expected, "at: 100", "at: 317");
    EXPECT_EQ(*edited, expected);
    EXPECT_THAT(mistakes(*edited), ElementsAre());
}

TEST(FreeValues, AtTheEndsOfTheirRangesAreStillInThem) {
    std::string text = replaced(good, "from: 1KB/s, to: 1MB/s", "from: 3636B/s, to: 545415B/s");
    text = replaced(text, "from: 0.1%, to: 5%", "from: 0.3984%, to: 29.96%");
    text = replaced(text, "from: 10, to: 10000", "from: 10.4, to: 99.5");
    text = replaced(replaced(text, "at: 100,", "at: 50,"), "queue_messages_high: 100", "queue_messages_high: 50");
    const auto parsed = parse_scenario(text, "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario) << to_string(parsed.errors.front());
    for (const FreeParameter& free : parsed.scenario->record->free) {
        for (const double end : {free.from, free.to})
            EXPECT_THAT(mistakes(*with_free_values(text, {{free.what, end}})), ElementsAre()) << end;
    }
}

TEST(FreeValues, LeaveSomebodyInEachCohort) {
    using enum FreeParameter::What;
    EXPECT_THAT(*with_free_values(good, {{slow_share, 1e-6}}), HasSubstr("connections: 1\n"));
    EXPECT_THAT(*with_free_values(good, {{slow_share, 1}}), HasSubstr("connections: 1}"));
}

TEST(FreeValues, WhatCannotBeReplacedIsSaid) {
    std::string text = replaced(good, "summary:", "summary: &rate 10KB/s\nwhy:");
    text = replaced(text, "rate: 10KB/s", "rate: *rate");
    EXPECT_THAT(mistakes(text), ElementsAre());
    const auto edited = with_free_values(text, {{FreeParameter::What::slow_rate, 1000}});
    EXPECT_FALSE(edited);
}

}  // namespace
}  // namespace squall
