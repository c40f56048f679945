// Witnesses, the rig's share, the target's survival, and what becomes of it all.
#include <algorithm>
#include <stdexcept>

#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

Finding named(const Judgement& judgement, const std::string& name) {
    const auto found = std::find_if(judgement.findings.begin(), judgement.findings.end(),
                                    [&](const Finding& finding) { return finding.name == name; });
    if (found == judgement.findings.end()) {
        ADD_FAILURE() << "no finding " << name;
        return {};
    }
    return *found;
}

struct FaultyRun : PlayedRun {
    FaultyRun() {
        fault.name = "cpu-cap";
        fault.witness = "throttled periods rose";
        FaultUse use;
        use.fault = &fault;
        use.name = "squeeze";
        scenario.phases[1].faults = {use};
        gauge("target.fds", 0, 12000 * ms, 5);
        expect("max(target.fds) <= 9 always");
    }
    Judgement injected(const std::string& injection, const std::string& rest = "") {
        facts("{\"injections\": [" + injection + "]" + rest + "}");
        return judge(scenario, history);
    }
    Fault fault;
};

const std::string bit = R"({"fault": "cpu-cap", "name": "squeeze", "phase": "pressure", "injected_at_ns": 4000000000,
    "healed_at_ns": 8000000000, "error": "", "heal_error": "",
    "witness": {"bit": true, "evidence": "41 of 40 periods throttled"}})";

std::string with(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

TEST(Witness, AFaultThatBitPassesWithItsEvidence) {
    FaultyRun run;
    const Judgement judgement = run.injected(bit);
    EXPECT_EQ(judgement.verdict, Verdict::pass);
    const Finding finding = named(judgement, "witness: squeeze");
    EXPECT_EQ(finding.verdict, Verdict::pass);
    EXPECT_EQ(finding.expected, "throttled periods rose");
    EXPECT_EQ(finding.measured, "41 of 40 periods throttled");
    EXPECT_EQ(finding.phase, "pressure");
}

TEST(Witness, AFaultThatDidNotBiteIsInconclusive) {
    FaultyRun run;
    const Judgement judgement = run.injected(with(bit, "\"bit\": true", "\"bit\": false"));
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    EXPECT_EQ(named(judgement, "witness: squeeze").detail, "the fault did not bite: nothing was tested");
    EXPECT_EQ(named(judgement, "max(target.fds) <= 9 always").verdict, Verdict::pass);
}

TEST(Witness, NobodyFailsUnderAFaultThatDidNotBite) {
    FaultyRun run;
    run.scenario.invariants.clear();
    run.expect("max(target.fds) <= 1 during pressure");
    run.expect("max(target.fds) <= 1 during baseline");
    EXPECT_EQ(named(run.injected(bit), "max(target.fds) <= 1 during pressure").verdict, Verdict::fail);
    const Judgement judgement = run.injected(with(bit, "\"bit\": true", "\"bit\": false"));
    const Finding during = named(judgement, "max(target.fds) <= 1 during pressure");
    EXPECT_EQ(during.verdict, Verdict::inconclusive);
    EXPECT_NE(during.detail.find("squeeze left no witness"), std::string::npos) << during.detail;
    EXPECT_EQ(named(judgement, "max(target.fds) <= 1 during baseline").verdict, Verdict::fail)
        << "what was before the injection counts";
}

TEST(Reasons, OfATargetThatDeclaresNoneAreNotKnown) {
    PlayedRun run;
    run.history.event({100 * ms, "connects", {{"cohort", "slow"}, {"protocol", "websocket"}}, 20});
    const std::string expected = "count(disconnects{cohort=slow, reason=slow_consumer}) == 20 always";
    EXPECT_EQ(run.judged(expected).verdict, Verdict::fail);
    run.history.facts() = {{"target", {{"declares", {{"reasons", false}}}}}};
    EXPECT_EQ(run.judged(expected).verdict, Verdict::inconclusive);
}

TEST(Witness, AFaultThatCouldNotBeInjectedIsInconclusiveWithTheReason) {
    FaultyRun run;
    const Judgement judgement = run.injected(with(bit, R"("error": "")", R"("error": "no cgroup")"));
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    EXPECT_EQ(named(judgement, "witness: squeeze").detail, "no cgroup");
}

TEST(Witness, AFaultThatTheRunSaysNothingOfIsInconclusive) {
    FaultyRun run;
    for (const std::string& facts :
         {std::string("{}"), std::string(R"({"injections": 5})"), std::string(R"({"injections": [5, {}]})")}) {
        run.facts(facts);
        const Judgement judgement = judge(run.scenario, run.history);
        EXPECT_EQ(judgement.verdict, Verdict::inconclusive) << facts;
        EXPECT_EQ(named(judgement, "witness: squeeze").detail, "the fault was never injected");
    }
}

TEST(Witness, AFaultThatComesAgainHasToBiteEveryTime) {
    FaultyRun run;
    FaultUse& use = run.scenario.phases[1].faults[0];
    use.lasts = 500 * ms;
    use.every = 2000 * ms;  // twice, in the phase's 4 s
    const std::string missed = with(bit, "\"bit\": true, \"evidence\": \"41", "\"bit\": false, \"evidence\": \"0");
    const auto witness = [&](const std::string& injections) {
        return named(run.injected(injections), "witness: squeeze");
    };
    EXPECT_EQ(witness(bit + ", " + bit).verdict, Verdict::pass);
    EXPECT_EQ(witness(bit + ", " + bit).measured, "2 of 2 times; the first: 41 of 40 periods throttled");
    EXPECT_EQ(witness(bit + ", " + missed).verdict, Verdict::inconclusive);
    EXPECT_EQ(witness(bit + ", " + missed).measured,
              "1 of 2 times; the first that did not bite: 0 of 40 periods throttled");
    EXPECT_EQ(witness(bit).verdict, Verdict::inconclusive);
    EXPECT_EQ(witness(bit).detail, "the fault was injected 1 times only");
}

TEST(Witness, AFaultThatWasNotHealedIsAnError) {
    FaultyRun run;
    const Judgement judgement = run.injected(with(bit, R"("heal_error": "")", R"("heal_error": "quota stays")"));
    EXPECT_EQ(judgement.verdict, Verdict::error);
    EXPECT_EQ(named(judgement, "heal: squeeze").detail, "quota stays");
    EXPECT_EQ(named(judgement, "heal: squeeze").since, 8000 * ms);
}

TEST(Rig, ItsProblemsMakeTheRunInconclusive) {
    FaultyRun run;
    const Judgement judgement = run.injected(bit, R"(, "rig": {"problems": ["only 3 of 9 connected", "interrupted"]})");
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    EXPECT_EQ(std::count_if(judgement.findings.begin(), judgement.findings.end(),
                            [](const Finding& f) { return f.name == "rig"; }),
              2);
    EXPECT_EQ(named(judgement, "rig").detail, "only 3 of 9 connected");
}

TEST(Target, ItsUnexpectedExitIsAFailure) {
    FaultyRun run;
    const Judgement judgement = run.injected(
        bit, R"(, "target": {"exited": {"at_ns": 5000000000, "how": "killed by signal 9", "expected": false}})");
    EXPECT_EQ(judgement.verdict, Verdict::fail);
    EXPECT_EQ(named(judgement, "target: exited").measured, "killed by signal 9");
    EXPECT_EQ(named(judgement, "target: exited").since, 5000 * ms);
    EXPECT_EQ(run.injected(bit, R"(, "target": {"exited": {"at_ns": 5, "how": "exit 0", "expected": true}})").verdict,
              Verdict::pass);
    EXPECT_EQ(run.injected(bit, R"(, "target": {"exited": null})").verdict, Verdict::pass);
}

TEST(Target, ItHasToComeBackInTimeFromEachKill) {
    FaultyRun run;
    const auto restarted = [&](const std::string& instants) {
        return run.injected(bit, R"(, "target": {"exited": null, "restarts": [
            {"started_at_ns": 1000000000, "ready_at_ns": 1200000000, "ready_within_ns": 3000000000},
            {"started_at_ns": 5000000000, "ready_within_ns": 3000000000, )" +
                                     instants + "}]}");
    };
    EXPECT_EQ(restarted(R"("ready_at_ns": 7000000000)").verdict, Verdict::pass);
    EXPECT_EQ(named(restarted(R"("ready_at_ns": 7000000000)"), "target: restarted").measured, "2s");
    EXPECT_EQ(restarted(R"("ready_at_ns": 8500000000)").verdict, Verdict::fail);

    const Judgement gone = restarted(R"("ready_at_ns": null, "seen_until_ns": 9000000000)");
    EXPECT_EQ(gone.verdict, Verdict::fail);
    EXPECT_EQ(named(gone, "target: restarted").detail, "it did not come back");
    EXPECT_EQ(named(gone, "target: restarted").since, 5000 * ms);
    EXPECT_EQ(restarted(R"("ready_at_ns": null, "seen_until_ns": 7000000000)").verdict, Verdict::inconclusive)
        << "it had a second left";
}

TEST(Rig, ItsOwnLagMakesLatenciesInconclusiveWhateverTheyAre) {
    PlayedRun run;
    run.steady("healthy", 0, 8000 * ms, 3 * ms);
    for (Nanos at = 4000 * ms; at < 8000 * ms; at += 20 * ms)
        run.history.record("rig.publish_lag", {}, at, 80 * ms);
    for (const char* bound : {"1s", "1ms"}) {
        const Finding finding = run.judged(std::string("p99(delivery.latency) <= ") + bound + " during pressure");
        EXPECT_EQ(finding.verdict, Verdict::inconclusive);
        EXPECT_EQ(finding.detail, "the rig could not tell: p99(rig.publish_lag) was 80ms, above rig.lag_max 50ms");
        EXPECT_EQ(finding.measured.substr(0, 1), "3");  // and is still shown
    }
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 1s during baseline").verdict, Verdict::pass);
    run.connect("healthy", 1);
    EXPECT_EQ(run.judged("count(disconnects) == 0 during pressure").verdict, Verdict::pass);
    run.scenario.rig_lag_max = 100 * ms;
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 1s during pressure").verdict, Verdict::pass);
}

TEST(Rig, BehindItsScheduleItLeavesTheLastMessagesNoTime) {
    const auto books = [](Nanos missed_at, Nanos lag, double missed = 1) {
        PlayedRun run;
        run.steady("healthy", 0, 8000 * ms, 3 * ms);
        run.event("messages.published", 7500 * ms, {{"publisher", "ticker"}}, 20);
        run.event("messages.expected", missed_at, {{"cohort", "healthy"}}, missed);
        run.event("messages.missed", missed_at, {{"cohort", "healthy"}, {"connection", "healthy#1.1"}}, missed);
        for (Nanos at = 4000 * ms; at < 8000 * ms; at += 20 * ms)
            run.history.record("rig.publish_lag", {}, at, lag);
        return run.judged("accounted(messages) == 100% always").verdict;
    };
    EXPECT_EQ(books(9000 * ms, 300 * ms), Verdict::inconclusive);
    EXPECT_EQ(books(9000 * ms, 1 * ms), Verdict::fail) << "the rig kept its pace";
    EXPECT_EQ(books(6000 * ms, 300 * ms), Verdict::fail) << "later ones came";
    EXPECT_EQ(books(9000 * ms, 300 * ms, 21), Verdict::fail) << "more than were published last";
}

TEST(Rig, ItsLagInTheBaselineCountsWhereTheBaselineIsUsed) {
    PlayedRun run;
    run.steady("healthy", 0, 8000 * ms, 3 * ms);
    for (Nanos at = 0; at < 4000 * ms; at += 20 * ms)
        run.history.record("rig.publish_lag", {}, at, 80 * ms);
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 2 * baseline during pressure").verdict, Verdict::inconclusive);
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 1s during pressure").verdict, Verdict::pass);
}

TEST(Rig, ARigThatDidNotMeasureItselfCannotTell) {
    PlayedRun run;
    run.history = History();
    run.history.span({"run", 0, 1000 * ms});
    run.steady("healthy", 0, 1000 * ms, ms);
    const Finding finding = run.judged("p99(delivery.latency) <= 1s always");
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_EQ(finding.detail, "the rig did not measure its own lag");
}

TEST(Samples, FewerThanAskedForIsInconclusive) {
    PlayedRun run;
    run.steady("healthy", 0, 8000 * ms, 3 * ms);
    const Finding finding = run.judged("p99(delivery.latency) <= 1s during pressure", 401);
    EXPECT_EQ(finding.verdict, Verdict::inconclusive);
    EXPECT_EQ(finding.samples, 400u);
    EXPECT_EQ(finding.detail, "p99(delivery.latency): 400 samples, fewer than samples_min 401");
    EXPECT_EQ(run.judged("p99(delivery.latency) <= 1s during pressure", 400).verdict, Verdict::pass);
}

TEST(Samples, NoneNeverPass) {
    PlayedRun run;
    for (const char* text :
         {"p99(delivery.latency) <= 1s during pressure", "max(target.memory) <= 1GiB always",
          "min(connections) >= 0 always", "count(disconnects) == 0 always", "p95(queue.depth) < 5 always",
          "slope(target.memory) <= 0 always", "rate(connects) >= 0/s always", "count(delivery.latency) >= 0 always",
          "accounted(messages) >= 0% always", "accounted(connections) >= 0% always",
          "max(target.fds) >= 0 from pressure.start", "max(target.fds) >= 0 within 1s of pressure.start",
          "count(declared.scrapes) >= 0 always"}) {
        EXPECT_EQ(run.judged(text).verdict, Verdict::inconclusive) << text;
        EXPECT_FALSE(run.judged(text).detail.empty()) << text;
    }
}

TEST(Judge, NothingToJudgeIsInconclusive) {
    const Judgement judgement = judge(Scenario{}, History{});
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    EXPECT_TRUE(judgement.findings.empty());
}

TEST(Judge, ACheckThatCrashesHasFoundOutNothing) {
    PlayedRun run;
    run.gauge("target.fds", 0, 12000 * ms, 5);
    run.expect("max(target.fds) <= cohort.slow.connections always", 1, "crashes");
    run.expect("max(target.fds) <= 5 always", 1, "holds");
    run.scenario.cohorts.pop_back();  // what the first one refers to is not there any more
    const Judgement judgement = judge(run.scenario, run.history);
    EXPECT_EQ(judgement.verdict, Verdict::inconclusive);
    EXPECT_EQ(named(judgement, "crashes").verdict, Verdict::inconclusive);
    EXPECT_EQ(named(judgement, "crashes").detail,
              "the check itself failed: cohort.slow.connections is not known; a setting has to be told to, or declared "
              "by, the target");
    EXPECT_EQ(named(judgement, "holds").verdict, Verdict::pass);
}

TEST(Judge, TheWorstFindingIsTheVerdict) {
    FaultyRun run;
    run.expect("max(target.fds) <= 4 always", 1, "fails");
    run.expect("max(target.memory) <= 4MiB always", 1, "has no data");
    const Judgement judgement = run.injected(bit);
    EXPECT_EQ(judgement.verdict, Verdict::fail);
    EXPECT_EQ(named(judgement, "fails").verdict, Verdict::fail);
    EXPECT_EQ(named(judgement, "has no data").verdict, Verdict::inconclusive);
}

}  // namespace
}  // namespace squall
