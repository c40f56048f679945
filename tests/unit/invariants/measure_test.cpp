// Every kind of metric, every aggregation; by how much and since when a violation is.
#include <fmt/format.h>

#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

/// "pass 12ms <= 20ms n=400": what a finding says in figures.
std::string figures(const Finding& finding) {
    return fmt::format("{} {} / {} n={}", to_string(finding.verdict), finding.measured, finding.bound, finding.samples);
}

TEST(Distribution, PercentileWithinItsBoundPasses) {
    PlayedRun run;
    run.steady("healthy", 0, 4000 * ms, 3 * ms);
    run.steady("healthy", 4000 * ms, 8000 * ms, 8 * ms);
    const Finding finding =
        run.judged("p99(delivery.latency{cohort=healthy}) <= max(3 * baseline, 20ms) during pressure");
    EXPECT_EQ(finding.verdict, Verdict::pass);
    EXPECT_EQ(finding.phase, "pressure");
    EXPECT_EQ(finding.samples, 400u);
    EXPECT_EQ(finding.bound, "20ms");
    EXPECT_NEAR(*finding.margin, (20 - 8) / 20.0, 0.01);
    EXPECT_EQ(finding.detail, "baseline 3ms");
    EXPECT_FALSE(finding.since.has_value());
}

TEST(Distribution, ViolationSaysByHowMuchAndSinceWhichSlice) {
    PlayedRun run;
    run.steady("healthy", 0, 5500 * ms, 3 * ms);
    run.steady("healthy", 5500 * ms, 8000 * ms, 45 * ms);
    const Finding finding = run.judged("p99(delivery.latency) <= max(3 * baseline, 20ms) during pressure");
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.measured, "45ms");
    EXPECT_EQ(finding.bound, "20ms");
    EXPECT_NEAR(*finding.margin, -1.25, 0.01);
    EXPECT_EQ(finding.since, 5500 * ms);
}

TEST(Distribution, EveryAggregation) {
    PlayedRun run;
    std::vector<Nanos> values;
    for (Nanos i = 1; i <= 100; ++i)
        values.push_back(i);  // below 512 ns: exact
    run.latencies("healthy", 4050 * ms, values);
    const auto measured = [&](const std::string& aggregation) {
        return run.judged(aggregation + "(delivery.latency) < 1h during pressure").measured;
    };
    EXPECT_EQ(measured("p50"), "50ns");
    EXPECT_EQ(measured("p90"), "90ns");
    EXPECT_EQ(measured("p95"), "95ns");
    EXPECT_EQ(measured("p99"), "99ns");
    EXPECT_EQ(measured("p99.9"), "100ns");
    EXPECT_EQ(measured("max"), "100ns");
    EXPECT_EQ(measured("min"), "1ns");
    EXPECT_EQ(measured("mean"), "50.5ns");
    EXPECT_EQ(run.judged("count(delivery.latency) == 100 during pressure").verdict, Verdict::pass);
}

TEST(Distribution, CountViolatedSinceTheSliceThatWentPastOrTheEnd) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 5000 * ms, ms);
    EXPECT_EQ(run.judged("count(delivery.latency) <= 60 during pressure").since, 4500 * ms);
    EXPECT_EQ(run.judged("count(delivery.latency) >= 500 during pressure").since, 8000 * ms);
}

TEST(Distribution, SelectorsPickSeries) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 2 * ms);
    run.steady("slow", 4000 * ms, 8000 * ms, 500 * ms);
    EXPECT_EQ(run.judged("max(delivery.latency{cohort=healthy}) < 5ms during pressure").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("max(delivery.latency{protocol=websocket}) < 5ms during pressure").verdict, Verdict::fail);
    EXPECT_EQ(run.judged("max(delivery.latency) < 5ms during pressure").samples, 800u);
    const Finding relative =
        run.judged("p99(delivery.latency{cohort=slow}) <= 100 * p99(delivery.latency{cohort=healthy}) during pressure");
    EXPECT_EQ(relative.verdict, Verdict::fail);
    EXPECT_EQ(relative.detail, "p99(delivery.latency{cohort=healthy}) = 2ms");
}

TEST(Distribution, ASliceBelongsToTheWindowThatHasItsMiddle) {
    PlayedRun run;
    run.history.span({"early", 100 * ms, 1100 * ms});  // from slice 0's middle less 25 ms, to slice 4's less 25 ms
    run.scenario.phases.push_back(run.scenario.phases[0]);
    run.scenario.phases.back().name = "early";
    run.latencies("healthy", 10 * ms, {ms});
    run.latencies("healthy", 1010 * ms, {ms, ms});
    EXPECT_EQ(run.judged("count(delivery.latency) >= 0 during early").samples, 1u);
}

TEST(Gauge, EveryAggregation) {
    PlayedRun run;
    for (int i = 0; i < 16; ++i)
        run.history.sample("target.fds", {}, (4000 + i * 250) * ms, i == 15 ? 7 : i);
    const auto measured = [&](const std::string& aggregation) {
        return run.judged(aggregation + "(target.fds) >= 0 during pressure").measured;
    };
    EXPECT_EQ(measured("max"), "14");
    EXPECT_EQ(measured("min"), "0");
    EXPECT_EQ(measured("last"), "7");
    EXPECT_EQ(measured("mean"), "7");
    EXPECT_EQ(measured("p50"), "7");
    EXPECT_EQ(measured("p95"), "14");
    EXPECT_EQ(measured("p90"), "13");
}

TEST(Gauge, SlopeIsLeastSquaresPerSecond) {
    PlayedRun run;
    run.gauge("target.memory", 4000 * ms, 8000 * ms, 1e6, 64 * 1024);
    const Finding finding = run.judged("slope(target.memory) <= 32KiB/s during pressure");
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.measured, "64KiB/s");
    EXPECT_NEAR(*finding.margin, -1, 1e-9);
    EXPECT_EQ(finding.since, 4250 * ms);  // two samples make a slope
    EXPECT_EQ(run.judged("slope(target.memory) <= 65KiB/s during pressure").verdict, Verdict::pass);
}

TEST(Gauge, SlopeSinceTheSampleFromWhichItStayedPast) {
    PlayedRun run;
    run.gauge("target.memory", 4000 * ms, 6000 * ms, 1e6);
    run.gauge("target.memory", 6000 * ms, 8000 * ms, 1e6, 1e6);
    const Finding finding = run.judged("slope(target.memory) <= 64KiB/s during pressure");
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_GT(finding.since, 6000 * ms);
    EXPECT_LE(finding.since, 7000 * ms);
}

TEST(Gauge, OneSampleHasNoSlope) {
    PlayedRun run;
    run.history.sample("target.memory", {}, 5000 * ms, 1);
    const Finding finding = run.judged("slope(target.memory) <= 1KiB/s during pressure");
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_EQ(finding.detail, "slope(target.memory): a slope needs samples at two instants");
}

TEST(Gauge, ViolatedSinceTheFirstSamplePast) {
    PlayedRun run;
    run.gauge("target.memory", 0, 4000 * ms, 10 * 1024 * 1024);
    run.gauge("target.memory", 4000 * ms, 8000 * ms, 10 * 1024 * 1024, 20 * 1024 * 1024);
    const Finding finding = run.judged("max(target.memory) <= baseline + 20 * 1MiB + 16MiB always");
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.since, 6000 * ms);  // 10 + 20 * 2 s = 50 MiB > 46 MiB
    EXPECT_EQ(finding.detail, "baseline 10MiB");
    EXPECT_EQ(finding.bound, "46MiB");
    const Finding last = run.judged("last(target.memory) <= 30MiB during pressure");
    EXPECT_EQ(last.since, 5250 * ms);
}

TEST(Gauge, SumsMatchingSeriesAtEachInstant) {
    PlayedRun run;
    run.gauge("connections", 4000 * ms, 8000 * ms, 200, 0, {{"cohort", "healthy"}, {"protocol", "sse"}});
    run.gauge("connections", 4000 * ms, 8000 * ms, 20, -2, {{"cohort", "slow"}, {"protocol", "websocket"}});
    EXPECT_EQ(run.judged("max(connections) == 220 during pressure").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("min(connections{cohort=slow}) >= 12 during pressure").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("max(connections) == 220 during pressure").samples, 16u);
}

TEST(Gauge, AStateInWhichNoSocketIsCountsAsNought) {
    PlayedRun run;
    run.gauge("target.sockets", 4000 * ms, 8000 * ms, 5, 0, {{"state", "established"}});
    run.history.sample("target.sockets", {{"state", "close_wait"}}, 5000 * ms, 3);
    EXPECT_EQ(run.judged("last(target.sockets{state=close_wait}) == 0 during pressure").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("max(target.sockets{state=close_wait}) == 3 during pressure").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("max(target.sockets{state=last_ack}) == 0 during pressure").samples, 16u);
    // Not so for a label that was never sampled: it says nothing of that protocol.
    run.gauge("declared.connections", 4000 * ms, 8000 * ms, 5, 0, {{"protocol", "sse"}});
    EXPECT_EQ(run.judged("max(declared.connections{protocol=websocket}) == 0 during pressure").verdict,
              Verdict::inconclusive);
}

TEST(Gauge, ShardsClientsAddUpAndTargetsStandSideBySide) {
    PlayedRun run;
    const auto shard = [](const char* number) {
        return Labels{{"cohort", "healthy"}, {"protocol", "sse"}, {"shard", number}};
    };
    run.gauge("connections", 4000 * ms, 8000 * ms, 100, 0, shard("1"));
    run.gauge("connections", 4010 * ms, 8000 * ms, 50, 0, shard("2"));
    EXPECT_EQ(run.judged("min(connections) == 150 during pressure").verdict, Verdict::pass);
    run.gauge("target.fds", 4000 * ms, 8000 * ms, 30, 0, {{"shard", "1"}});
    run.gauge("target.fds", 4010 * ms, 8000 * ms, 40, 0, {{"shard", "2"}});
    EXPECT_EQ(run.judged("max(target.fds) == 40 during pressure").samples, 32u);
}

TEST(Summary, TheWorstSampleOfThatQuantileCounts) {
    PlayedRun run;
    run.gauge("queue.depth", 0, 4000 * ms, 2, 0.5, {{"stat", "p95"}});
    run.gauge("queue.depth", 0, 4000 * ms, 90, 0, {{"stat", "max"}});
    EXPECT_EQ(figures(run.judged("p95(queue.depth) < 5 during baseline")), "pass 3.88 / 5 n=16");
    EXPECT_EQ(run.judged("p95(queue.depth) < 3 during baseline").since, 2000 * ms);
    EXPECT_EQ(run.judged("max(queue.depth) <= 90 during baseline").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("p99(queue.depth) < 5 during baseline").verdict, Verdict::inconclusive);
}

TEST(Counter, NoughtIsAnAnswerWhereThereWasSomethingToCount) {
    PlayedRun run;
    const char* text = "count(disconnects{cohort=healthy}) == 0 always";
    EXPECT_EQ(run.judged(text).verdict, Verdict::inconclusive);
    EXPECT_EQ(run.judged(text).detail, "count(disconnects{cohort=healthy}): nothing was there to be counted");
    run.connect("slow", 20);
    EXPECT_EQ(run.judged(text).verdict, Verdict::inconclusive);
    run.connect("healthy", 200);
    EXPECT_EQ(figures(run.judged(text)), "pass 0 / 0 n=200");
    EXPECT_FALSE(run.judged(text).margin.has_value());
    run.disconnect("healthy", 5000 * ms, "pong_timeout", "healthy#1.1");
    run.disconnect("healthy", 6000 * ms, "pong_timeout", "healthy#2.1");
    EXPECT_EQ(figures(run.judged(text)), "fail 2 / 0 n=200");
    EXPECT_EQ(run.judged(text).since, 5000 * ms);
}

TEST(Counter, WhatTheTargetDeclaresCountsOnlyIfItWasRead) {
    PlayedRun run;
    EXPECT_EQ(run.judged("count(declared.drops) == 0 during pressure").verdict, Verdict::inconclusive);
    for (Nanos at = 0; at < 12000 * ms; at += 500 * ms)
        run.event("declared.scrapes", at);
    EXPECT_EQ(figures(run.judged("count(declared.drops) == 0 during pressure")), "pass 0 / 0 n=8");
}

TEST(Counter, PublishersCountWhatTheyOffered) {
    PlayedRun run;
    EXPECT_EQ(run.judged("count(messages.rejected) == 0 always").verdict, Verdict::inconclusive);
    run.event("messages.published", 1000 * ms, {{"publisher", "ticker"}}, 40);
    EXPECT_EQ(figures(run.judged("count(messages.rejected{publisher=ticker, status=429}) == 0 always")),
              "pass 0 / 0 n=40");
    EXPECT_EQ(figures(run.judged("rate(messages.published) >= 20/s during baseline")), "fail 10/s / 20/s n=40");
    EXPECT_EQ(run.judged("rate(messages.published) >= 20/s during baseline").since, 4000 * ms);
    EXPECT_EQ(run.judged("rate(messages.published) <= 5/s during baseline").since, 1000 * ms);
}

TEST(Counter, CountsCanBeCompared) {
    PlayedRun run;
    run.connect("slow", 20);
    run.event("declared.scrapes", 5000 * ms);
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}}, 7);
    run.event("declared.drops", 5100 * ms, {}, 7);
    EXPECT_EQ(run.judged("count(messages.missed) == count(declared.drops) always").verdict, Verdict::pass);
    run.event("declared.drops", 5200 * ms, {}, 1);
    const Finding finding = run.judged("count(messages.missed) == count(declared.drops) always");
    EXPECT_EQ(figures(finding), "fail 7 / 8 n=20");
    EXPECT_EQ(finding.detail, "count(declared.drops) = 8");
}

TEST(Arithmetic, ComputedBoundsCarryNoNoise) {
    PlayedRun run;
    run.connect("slow", 20);
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}}, 3);
    EXPECT_EQ(run.judged("count(messages.missed) == 0.1 + 0.2 + 2.7 always").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("count(messages.missed) == cohort.slow.connections * 15% always").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("count(messages.missed) != 3 always").verdict, Verdict::fail);
    EXPECT_EQ(run.judged("count(messages.missed) > 3 always").verdict, Verdict::fail);
    EXPECT_EQ(run.judged("count(messages.missed) >= 3 always").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("count(messages.missed) < 3 always").verdict, Verdict::fail);
    EXPECT_EQ(run.judged("2 * count(messages.missed) - count(messages.missed) <= 2 always").since, std::nullopt);
}

TEST(Arithmetic, DivisionByNoughtIsInconclusive) {
    PlayedRun run;
    run.connect("slow", 20);
    const Finding finding = run.judged("count(disconnects) <= 1 / count(hangups) always");
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_EQ(finding.detail, "a division by nought");
}

TEST(Figures, DifferencesThatThreeDigitsHideAreShown) {
    PlayedRun run;
    run.gauge("target.memory", 4000 * ms, 8000 * ms, 1048576.5);
    const Finding finding = run.judged("max(target.memory) <= 1MiB during pressure");
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_NE(finding.measured, finding.bound);
}

}  // namespace
}  // namespace squall
