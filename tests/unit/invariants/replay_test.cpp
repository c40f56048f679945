// A replay beside the record of the incident.
#include <gmock/gmock.h>

#include <cmath>

#include "suites/invariants/replay.hpp"
#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

using testing::DoubleNear;

/// At 0, 1, 2 … seconds.
std::vector<Point> series(const std::vector<double>& values) {
    std::vector<Point> points;
    for (const double value : values)
        points.push_back({static_cast<Nanos>(points.size()) * nanos_per_second, value});
    return points;
}

double factor(const std::vector<double>& recorded, const std::vector<double>& replayed) {
    return likeness(series(recorded), series(replayed)).factor.value_or(-1);
}

double shape(const std::vector<double>& recorded, const std::vector<double>& replayed) {
    return likeness(series(recorded), series(replayed)).rank_correlation.value_or(-9);
}

TEST(Likeness, OfTheSameIsOne) {
    EXPECT_EQ(factor({1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}), 1);
    EXPECT_DOUBLE_EQ(shape({1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}), 1);
}

TEST(Likeness, TooMuchAndTooLittleWeighAlike) {
    EXPECT_DOUBLE_EQ(factor({10, 10, 10}, {20, 20, 20}), 2);
    EXPECT_DOUBLE_EQ(factor({10, 10, 10}, {5, 5, 5}), 2);
    EXPECT_DOUBLE_EQ(factor({10, 10}, {20, 5}), 2);
}

TEST(Likeness, OneOutlierWeighsLittle) {
    EXPECT_DOUBLE_EQ(factor({1, 1, 1, 1, 1}, {1, 1.5, 2, 3, 1e9}), 2);
}

TEST(Likeness, OfAnEvenNumberIsBetweenTheTwoInTheMiddle) {
    EXPECT_DOUBLE_EQ(factor({1, 1}, {2, 8}), 4);
}

TEST(Likeness, NoughtIsLikeNoughtAndUnlikeAnythingElse) {
    EXPECT_EQ(factor({0, 0, 0}, {0, 0, 0}), 1);
    EXPECT_EQ(factor({0, 0, 0}, {1e-9, 5, 5e12}), factor_max);
    EXPECT_EQ(factor({5, 5}, {0, 0}), factor_max);
    EXPECT_EQ(factor({1, 1}, {1e9, 1e9}), factor_max);
}

TEST(Likeness, ShapeIsOfRanks) {
    EXPECT_DOUBLE_EQ(shape({1, 2, 3, 4, 5}, {1, 10, 100, 1000, 1e6}), 1);
    EXPECT_DOUBLE_EQ(shape({1, 2, 3, 4, 5}, {9, 7, 5, 3, 1}), -1);
    // 1 - 6 · Σd² / (n (n² - 1)), d = 0 1 1 0 0
    EXPECT_DOUBLE_EQ(shape({1, 2, 3, 4, 5}, {1, 3, 2, 4, 5}), 0.9);
    // Ties share their ranks: 1.5 1.5 3.5 3.5 5.
    EXPECT_NEAR(shape({1, 2, 3, 4, 5}, {1, 1, 2, 2, 3}), 0.9486832980505138, 1e-12);
}

TEST(Likeness, WhatCannotBeToldIsNotToldAndSaysWhy) {
    const auto few = likeness(series({1, 2, 3, 4}), series({1, 2, 3, 4}));
    EXPECT_EQ(few.factor, 1);
    EXPECT_FALSE(few.rank_correlation);
    EXPECT_EQ(few.problem, "shape: fewer than 5 instants");
    const auto flat = likeness(series({7, 7, 7, 7, 7}), series({1, 2, 3, 4, 5}));
    EXPECT_TRUE(flat.factor);
    EXPECT_FALSE(flat.rank_correlation);
    EXPECT_EQ(flat.problem, "shape: one of them never changes");
    const auto missing = likeness(series({1, 2, 3, 4, 5}), series({1, 2}));
    EXPECT_FALSE(missing.factor);
    EXPECT_EQ(missing.problem, "the replay has samples at 2 of 5 instants");
    EXPECT_EQ(likeness(series({1, 2}), {}).problem, "the replay has samples at 0 of 2 instants");
}

/// baseline 0-4 s, pressure 4-8 s: the record begins at 4 s.
struct ReplayedRun : PlayedRun {
    ReplayedRun() { scenario.record = Record{"trace.log", 2, {}, {}}; }

    RecordedSeries& record(const std::string& measure, std::vector<RecordedPoint> points, double scale = 1) {
        ParsedMeasurement parsed = parse_measurement(measure, names_of(scenario));
        EXPECT_TRUE(parsed.measurement) << measure;
        RecordedSeries series{.name = measure, .measure = parsed.measurement.value_or(Measurement{})};
        series.dimension = parsed.dimension;
        series.scale = scale;
        series.points = std::move(points);
        scenario.record->series.push_back(std::move(series));
        return scenario.record->series.back();
    }
    ComparedSeries compared() const { return compare_with_record(scenario, history).series.at(0); }
};

std::vector<double> values(const std::vector<Point>& points) {
    std::vector<double> all;
    for (const Point& point : points)
        all.push_back(point.value);
    return all;
}

TEST(Replay, TheRecordBeginsWithTheFirstLoadThatIsNoBaseline) {
    ReplayedRun run;
    run.record("max(target.memory)", {{0, 10}, {8, 20}}, 0.5);
    const Replay replay = compare_with_record(run.scenario, run.history);
    EXPECT_EQ(replay.zero, 4000 * ms);
    EXPECT_EQ(replay.series[0].recorded[1].at, 8000 * ms);
    EXPECT_EQ(values(replay.series[0].recorded), (std::vector<double>{5, 10}));
    run.scenario.phases = {run.scenario.phases[0]};
    EXPECT_EQ(compare_with_record(run.scenario, run.history).zero, 0);
}

TEST(Replay, AnInstantStandsForTheTimeThatIsNearestToIt) {
    ReplayedRun run;
    // Replayed at 4, 5 and 8 s: 4-4.5, 4.5-6.5, 6.5-8.
    run.record("max(target.memory)", {{0, 1}, {2, 1}, {8, 1}});
    run.gauge("target.memory", 0, 12000 * ms, 0, 1);
    EXPECT_EQ(values(run.compared().replayed), (std::vector<double>{4.25, 6.25, 7.75}));
}

TEST(Replay, AnInstantIsHalfASecondWideAtLeast) {
    ReplayedRun run;
    run.record("rate(connects)", {{0, 1}, {0.2, 1}, {0.4, 1}});
    for (Nanos at = 3000 * ms; at < 5000 * ms; at += 100 * ms)
        run.event("connects", at, {{"cohort", "healthy"}});
    EXPECT_THAT(values(run.compared().replayed), testing::Each(DoubleNear(10, 1e-9)));
}

TEST(Replay, DistributionsAndSummariesAreMeasuredAsInvariantsDo) {
    ReplayedRun run;
    run.record("max(delivery.latency{cohort=healthy})", {{0, 1}, {8, 1}});
    run.record("p95(queue.depth)", {{0, 1}, {8, 1}});
    run.steady("healthy", 4000 * ms, 6000 * ms, 5 * ms);
    run.steady("healthy", 6000 * ms, 8000 * ms, 9 * ms);
    run.gauge("queue.depth", 4000 * ms, 8000 * ms, 3, 0, {{"stat", "p95"}});
    const Replay replay = compare_with_record(run.scenario, run.history);
    EXPECT_EQ(values(replay.series[0].replayed), (std::vector<double>{0.005, 0.009}));
    EXPECT_EQ(values(replay.series[1].replayed), (std::vector<double>{3, 3}));
}

TEST(Replay, WhatWasNotMeasuredIsLeftOut) {
    ReplayedRun run;
    run.record("max(target.memory)", {{0, 5}, {2, 5}, {4, 5}});
    run.gauge("target.memory", 4000 * ms, 5000 * ms, 5);  // then it was killed
    const auto compared = run.compared();
    EXPECT_EQ(compared.replayed.size(), 2u);
    EXPECT_EQ(compared.likeness.factor, 1);
}

TEST(Replay, BehindTheRunNothingIsCounted) {
    ReplayedRun run;
    run.connect("healthy", 200);
    run.record("rate(disconnects)", {{0, 0}, {8, 0}, {60, 7}});
    EXPECT_EQ(values(run.compared().replayed), (std::vector<double>{0, 0}));
}

TEST(Replay, APhaseThatWasCutShortBeganWhereTheOneBeforeItEnded) {
    ReplayedRun run;
    run.record("max(target.memory)", {{0, 5}, {2, 5}, {4, 5}});
    run.history = {};
    run.history.span({"baseline", 0, 4000 * ms});
    run.gauge("target.memory", 4000 * ms, 5500 * ms, 5);  // then it was killed
    EXPECT_EQ(compare_with_record(run.scenario, run.history).zero, 4000 * ms);
    EXPECT_EQ(run.compared().likeness.factor, 1);
}

TEST(Replay, APhaseThatWasNotPlayedIsSaid) {
    ReplayedRun run;
    run.record("max(target.memory)", {{0, 5}, {2, 5}});
    run.history = {};
    const Replay replay = compare_with_record(run.scenario, run.history);
    EXPECT_EQ(replay.problem, "'pressure' was not played");
    EXPECT_EQ(replay.series[0].likeness.problem, replay.problem);
    EXPECT_FALSE(replay.factor());
}

TEST(Replay, TheWholeIsTheGeometricMean) {
    ReplayedRun run;
    run.record("max(target.memory)", {{0, 1}, {8, 1}});
    run.record("max(target.fds)", {{0, 1}, {8, 1}});
    run.gauge("target.memory", 4000 * ms, 8000 * ms, 2);
    run.gauge("target.fds", 4000 * ms, 8000 * ms, 8);
    EXPECT_DOUBLE_EQ(*compare_with_record(run.scenario, run.history).factor(), 4);
    run.record("max(target.rss)", {{0, 1}, {8, 1}});  // never sampled
    EXPECT_NEAR(*compare_with_record(run.scenario, run.history).factor(), std::cbrt(2 * 8 * factor_max), 1e-9);
}

TEST(Replay, IsDrawnInStepsOfTheRecordsOwn) {
    ReplayedRun run;
    run.gauge("target.memory", 0, 12000 * ms, 1);
    const auto steps = [&](std::vector<RecordedPoint> points) {
        const auto drawn = drawn_replay(run.record("max(target.memory)", std::move(points)), 2, run.history);
        EXPECT_FALSE(drawn.empty());
        return drawn[1].at - drawn[0].at;
    };
    EXPECT_EQ(steps({{0, 1}, {8, 1}}), 500 * ms);  // a fortieth of 12.6 s is less than can be measured
    EXPECT_EQ(steps({{0, 1}, {0.1, 1}}), 500 * ms);
    run.history = [&] {
        History longer;
        longer.span({"run", 0, 120'000 * ms});
        for (Nanos at = 0; at < 120'000 * ms; at += 250 * ms)
            longer.sample("target.memory", {}, at, 1);
        return longer;
    }();
    EXPECT_EQ(steps({{0, 1}, {4, 1}, {8, 1}}), 2000 * ms);
    EXPECT_EQ(steps({{0, 1}, {80, 1}}), 3000 * ms);
}

}  // namespace
}  // namespace squall
