// What may be the host's doing is not held against the target, and nothing else is excused by it.
#include "played_run.hpp"

namespace squall {
namespace {

constexpr const char* slo = "p99(delivery.latency) <= 50ms during pressure";

/// `cores` taken from the target, all of the run.
void steal(PlayedRun& run, double cores, Nanos from = 0, Nanos to = 12000 * ms) {
    run.gauge("target.stolen", from, to, cores);
}

TEST(HostShare, AViolationThatStolenTimeExplainsIsInconclusive) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 60 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
    steal(run, 0.04);  // 10 ms of every 250 ms
    const Finding finding = run.judged(slo);
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_NE(finding.detail.find("the host could have made the difference"), std::string::npos) << finding.detail;
}

TEST(HostShare, AViolationThatStolenTimeDoesNotExplainIsAFailure) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 600 * ms);
    steal(run, 0.04);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
}

TEST(HostShare, StolenTimeOutsideTheWindowExcusesNothing) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 60 * ms);
    steal(run, 0.9, 0, 3500 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
}

TEST(HostShare, WhatHoldsInSpiteOfItIsAPass) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 40 * ms);
    steal(run, 0.5);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::pass);
}

TEST(HostShare, ABaselineThatTheHostMadeLongIsNoMeasure) {
    PlayedRun run;
    run.steady("healthy", 0, 4000 * ms, 40 * ms);
    run.steady("healthy", 4000 * ms, 8000 * ms, 60 * ms);
    const char* relative = "p99(delivery.latency) <= 2 * baseline during pressure";
    EXPECT_EQ(run.judged(relative).verdict, Verdict::pass);
    steal(run, 0.08, 0, 4000 * ms);
    EXPECT_EQ(run.judged(relative).verdict, Verdict::inconclusive);
}

TEST(HostShare, WhatIsSubtractedMayHaveBeenLessAsWell) {
    PlayedRun run;
    run.steady("healthy", 0, 4000 * ms, 40 * ms);
    run.steady("healthy", 4000 * ms, 8000 * ms, 60 * ms);
    const char* difference = "p99(delivery.latency) <= 110ms - baseline during pressure";
    EXPECT_EQ(run.judged(difference).verdict, Verdict::pass);
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 90ms - baseline during pressure").verdict, Verdict::fail);
    steal(run, 0.08, 0, 4000 * ms);
    EXPECT_EQ(run.judged(difference).verdict, Verdict::pass);
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 90ms - baseline during pressure").verdict, Verdict::inconclusive);
}

TEST(HostShare, AFaultThatTakesTheCpuIsNotTheHost) {
    PlayedRun run;
    Fault contention;
    contention.name = "contention";
    contention.takes_cpu = true;
    FaultUse use;
    use.fault = &contention;
    use.name = "neighbours";
    run.scenario.phases[1].faults.push_back(std::move(use));
    run.steady("healthy", 4000 * ms, 8000 * ms, 60 * ms);
    steal(run, 0.5);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::inconclusive);
    run.facts(R"({"injections": [{"name": "neighbours", "injected_at_ns": 4000000000, "healed_at_ns": 8000000000,
                                  "witness": {"bit": true}}]})");
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
}

TEST(HostShare, ADeadlineIsLongerByWhatWasTakenUntilThen) {
    const auto missed_by = [](Nanos late) {
        PlayedRun run;
        run.connect("slow", 20);
        steal(run, 0.1);  // 0.2 s in two
        run.event("disconnects", 6000 * ms + late, {{"cohort", "slow"}, {"protocol", "websocket"}, {"seen", "reset"}});
        return run.judged("count(disconnects{cohort=slow}) == 1 within 2s of pressure.start").verdict;
    };
    EXPECT_EQ(missed_by(-1 * ms), Verdict::pass);
    EXPECT_EQ(missed_by(150 * ms), Verdict::inconclusive);
    EXPECT_EQ(missed_by(1000 * ms), Verdict::fail);
}

TEST(HostShare, TheRigsOwnLagCountsLikewise) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 52 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
    for (Nanos at = 4000 * ms; at < 8000 * ms; at += 250 * ms)
        run.history.record("rig.loop_lag", {}, at, 4 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::inconclusive);
}

TEST(HostShare, MessagesThatCouldNotBeTimedMayHaveBeenFast) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 7950 * ms, 40 * ms);
    run.steady("healthy", 7950 * ms, 8000 * ms, 90 * ms);  // 5 of 400
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
    run.history.record("delivery.latency_at_most", {{"cohort", "healthy"}, {"protocol", "sse"}}, 7960 * ms, 90 * ms);
    const Finding finding = run.judged(slo);
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_NE(finding.detail.find("at least 40.1ms"), std::string::npos) << finding.detail;
}

TEST(HostShare, MessagesThatCouldNotBeTimedDoNotExcuseTheOthers) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 7900 * ms, 40 * ms);
    run.steady("healthy", 7900 * ms, 8000 * ms, 90 * ms);  // 10 of 400
    run.history.record("delivery.latency_at_most", {{"cohort", "healthy"}, {"protocol", "sse"}}, 7960 * ms, 90 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
}

TEST(HostShare, DoesNotTouchWhatIsNoTime) {
    PlayedRun run;
    run.gauge("target.memory", 0, 12000 * ms, 100);
    steal(run, 1);
    EXPECT_EQ(run.judged("max(target.memory) <= 90B during pressure").verdict, Verdict::fail);
}

/// As a thread notices it that wants to run every 250 ms.
void stall(PlayedRun& run, Nanos from, Nanos to) {
    run.history.sample("rig.stall", {}, to, to_seconds(to - from));
}

TEST(HostShare, NothingIsHeldAgainstATargetWhileTheHostStandsStill) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 600 * ms);
    stall(run, 5000 * ms, 7000 * ms);
    const Finding finding = run.judged(slo);
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_NE(finding.detail.find("the host stood still for 2.0s from 5.0s on"), std::string::npos) << finding.detail;
    EXPECT_EQ(run.judged("count(connects) >= 1 during pressure").verdict, Verdict::inconclusive);
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 1s during pressure").verdict, Verdict::pass);
}

TEST(HostShare, AStallIsFeltForAsLongAgain) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 600 * ms);
    stall(run, 1000 * ms, 3000 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::inconclusive);
}

TEST(HostShare, AStallThatIsOverOrShortExcusesNothing) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 600 * ms);
    stall(run, 500 * ms, 2000 * ms);
    stall(run, 5000 * ms, 5900 * ms);
    EXPECT_EQ(run.judged(slo).verdict, Verdict::fail);
}

}  // namespace
}  // namespace squall
