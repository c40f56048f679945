// Each kind of window; recovery; what makes a window impossible.
#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

TEST(Windows, DuringTakesTheStartAndLeavesTheEnd) {
    PlayedRun run;
    run.connect("healthy", 200);
    run.event("hangups", 4000 * ms, {{"cohort", "healthy"}});
    run.event("hangups", 8000 * ms, {{"cohort", "healthy"}});
    EXPECT_EQ(run.judged("count(hangups) == 1 during pressure").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("count(hangups) == 1 during load").verdict, Verdict::pass);
    EXPECT_EQ(run.judged("count(hangups) == 2 always").verdict, Verdict::pass);
}

TEST(Windows, WithinCountsOverAClosedSpell) {
    PlayedRun run;
    run.connect("slow", 20);
    for (int i = 0; i < 20; ++i)
        run.disconnect("slow", (4100 + i * 100) * ms, "slow_consumer", "slow#" + std::to_string(i));
    const Finding held =
        run.judged("count(disconnects{cohort=slow, reason=slow_consumer}) == 20 within 2s of pressure.start");
    EXPECT_EQ(held.verdict, Verdict::pass);
    EXPECT_EQ(held.since, 6000 * ms);  // the twentieth, at the last nanosecond
    EXPECT_EQ(held.phase, "2s after pressure.start");
    const Finding short_by =
        run.judged("count(disconnects{cohort=slow, reason=slow_consumer}) == 20 within 1s of pressure.start");
    EXPECT_EQ(short_by.verdict, Verdict::fail);
    EXPECT_EQ(short_by.measured, "10");
    EXPECT_EQ(*short_by.margin, -0.5);
    EXPECT_EQ(short_by.since, 5000 * ms + 1);
    const Finding too_many = run.judged("count(disconnects{cohort=slow}) == 5 within 2s of pressure.start");
    EXPECT_EQ(too_many.verdict, Verdict::fail);
    EXPECT_EQ(too_many.since, 4600 * ms);
    const Finding setting = run.judged("count(disconnects) >= 10 within setting.ping_interval of pressure.start");
    EXPECT_EQ(setting.verdict, Verdict::pass);
    EXPECT_EQ(setting.since, 5000 * ms);
}

TEST(Windows, WithinHoldsFromTheLimitToThePhasesEndAndSaysSinceWhen) {
    PlayedRun run;
    run.scenario.phases[2].load = true;
    run.steady("healthy", 0, 4000 * ms, 4 * ms);
    run.steady("healthy", 4000 * ms, 9000 * ms, 80 * ms);
    run.steady("healthy", 9000 * ms, 12000 * ms, 5 * ms);
    const Finding recovered = run.judged("p99(delivery.latency) <= 1.5 * baseline within 3s of pressure.end");
    EXPECT_EQ(recovered.verdict, Verdict::pass);
    EXPECT_EQ(recovered.measured.substr(0, 1), "5");
    EXPECT_EQ(recovered.since, 9000 * ms);
    EXPECT_EQ(recovered.samples, 100u);
    const Finding late = run.judged("p99(delivery.latency) <= 1.5 * baseline within 500ms of pressure.end");
    EXPECT_EQ(late.verdict, Verdict::fail);
    EXPECT_EQ(late.since, 8500 * ms);
    const Finding never_bad = run.judged("p99(delivery.latency) <= 100ms within 2s of pressure.end");
    EXPECT_EQ(never_bad.since, 8000 * ms);  // as far back as was asked
}

TEST(Windows, WithinOnGaugesRecoversToo) {
    PlayedRun run;
    run.gauge("target.memory", 0, 8000 * ms, 50e6);
    run.gauge("target.memory", 8000 * ms, 12000 * ms, 50e6, -10e6);
    const Finding finding = run.judged("max(target.memory) <= 40MB within 2s of load.end");
    EXPECT_EQ(finding.verdict, Verdict::pass);
    EXPECT_EQ(finding.since, 9000 * ms);
}

TEST(Windows, FromLastsToTheEndOfThePhaseInForce) {
    PlayedRun run;
    run.gauge("target.cpu", 0, 10000 * ms, 1.5);
    run.gauge("target.cpu", 10000 * ms, 12000 * ms, 0.01);
    const Finding quiet = run.judged("mean(target.cpu) <= 0.05 cores from load.end + 2s");
    EXPECT_EQ(quiet.verdict, Verdict::pass);
    EXPECT_EQ(quiet.samples, 8u);
    EXPECT_EQ(quiet.phase, "from load.end + 2s");
    const Finding busy = run.judged("mean(target.cpu) <= 0.05 cores from load.end");
    EXPECT_EQ(busy.verdict, Verdict::fail);
    EXPECT_EQ(busy.since, 8000 * ms);
    EXPECT_EQ(run.judged("max(target.cpu) <= 2 cores from pressure.start + 1s").samples, 12u);
    EXPECT_EQ(run.judged("max(target.cpu) <= 2 cores from pressure.end - 1s").samples, 4u);
}

TEST(Windows, AnInstantBetweenTwoPhasesBelongsToTheLater) {
    PlayedRun run;
    run.history = History();
    run.history.span({"baseline", 0, 4000 * ms});
    run.history.span({"pressure", 4000 * ms + 3000, 8000 * ms});
    run.history.span({"run", 0, 9000 * ms});
    run.gauge("target.fds", 0, 8000 * ms, 3);
    EXPECT_EQ(run.judged("max(target.fds) <= 3 from baseline.end").samples, 16u);
}

TEST(Windows, LoadThatResumesSpansAllOfItsSpells) {
    PlayedRun run;
    run.history.span({"load", 9000 * ms, 10000 * ms});
    run.gauge("target.fds", 0, 12000 * ms, 3);
    EXPECT_EQ(run.judged("max(target.fds) <= 3 during load").samples, 40u);
}

TEST(Windows, WhatWasNotPlayedIsInconclusive) {
    PlayedRun run;
    run.history = History();
    run.history.span({"run", 0, 5000 * ms});
    run.history.span({"baseline", 0, 4000 * ms});
    run.gauge("target.fds", 0, 5000 * ms, 3);
    const Finding during = run.judged("max(target.fds) <= 9 during pressure");
    EXPECT_EQ(during.verdict, Verdict::inconclusive);
    EXPECT_EQ(during.detail, "'pressure' was not played");
    EXPECT_EQ(run.judged("max(target.fds) <= 9 within 1s of pressure.end").verdict, Verdict::inconclusive);
    EXPECT_EQ(run.judged("max(target.fds) <= 9 from load.end").detail, "'load' was not played");
    EXPECT_EQ(run.judged("max(target.fds) <= 9 from baseline.end").detail,
              "the window begins behind the last phase that was played");
    EXPECT_EQ(run.judged("max(target.fds) <= 9 always").verdict, Verdict::pass);
}

TEST(Windows, ABaselineThatWasNotPlayedOrIsEmptyIsInconclusive) {
    PlayedRun run;
    run.steady("healthy", 4000 * ms, 8000 * ms, 3 * ms);
    const Finding finding = run.judged("p99(delivery.latency) <= 2 * baseline during pressure");
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_EQ(finding.detail, "in the baseline, p99(delivery.latency): no samples");
}

}  // namespace
}  // namespace squall
