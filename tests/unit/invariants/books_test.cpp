// accounted(): what adds up, what does not, and who is named.
#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

const char* const messages = "accounted(messages) == 100% always";
const char* const connections = "accounted(connections) == 100% always";

struct MessageBooks : PlayedRun {
    MessageBooks() {
        facts(R"({"target": {"declares": {"drops": true, "disconnects": true}}})");
        event("declared.scrapes", 0);
        event("messages.expected", 1000 * ms, {{"cohort", "healthy"}}, 1e9);
    }
};

TEST(Books, MessagesThatAllArriveAreAccountedFor) {
    MessageBooks run;
    const Finding finding = run.judged(messages);
    EXPECT_EQ(finding.verdict, Verdict::pass);
    EXPECT_EQ(finding.measured, "100%");
    EXPECT_EQ(finding.samples, 1000000000u);
}

TEST(Books, OneInABillionIsMissed) {
    MessageBooks run;
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}, {"connection", "slow#3.1"}});
    const Finding finding = run.judged(messages);
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_NE(finding.measured, "100%");
    EXPECT_EQ(finding.since, 5000 * ms);
    EXPECT_EQ(finding.detail, "of 1000000000 expected: 1 missed and not declared dropped (slow#3: missed 1)");
}

TEST(Books, WhatIsDeclaredDroppedMayBeMissed) {
    MessageBooks run;
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}}, 40);
    run.event("declared.drops", 5100 * ms, {}, 40);
    EXPECT_EQ(run.judged(messages).verdict, Verdict::pass);
    run.event("declared.drops", 5100 * ms, {}, 3);
    EXPECT_EQ(run.judged(messages).detail, "of 1000000000 expected: 3 declared dropped, but not missed");
    // Those may have been on their way to a connection that ended.
    run.event("messages.in_flight", 5100 * ms, {}, 3);
    EXPECT_EQ(run.judged(messages).verdict, Verdict::pass);
}

TEST(Books, ATargetThatDeclaresNoDropsHasNone) {
    MessageBooks run;
    run.facts(R"({"target": {"declares": {"drops": false}}})");
    run.event("declared.drops", 5100 * ms, {}, 40);
    EXPECT_EQ(run.judged(messages).verdict, Verdict::pass);
    run.event("messages.missed", 5000 * ms, {}, 40);
    EXPECT_EQ(run.judged(messages).detail, "of 1000000000 expected: 40 missed");
}

TEST(Books, DuplicatesAreNotAccountedFor) {
    MessageBooks run;
    run.event("messages.duplicated", 6000 * ms, {{"cohort", "healthy"}}, 2);
    run.event("hangups", 9000 * ms, {{"cohort", "healthy"}, {"connection", "healthy#9.2"}, {"repeated", "2"}});
    const Finding finding = run.judged(messages);
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.detail, "of 1000000000 expected: 2 duplicated (healthy#9.2: 2)");
    EXPECT_EQ(run.judged("accounted(messages) >= 99% always").verdict, Verdict::pass);
}

TEST(Books, NothingExpectedIsInconclusive) {
    PlayedRun run;
    EXPECT_EQ(run.judged(messages).verdict, Verdict::inconclusive);
    EXPECT_EQ(run.judged(messages).detail, "accounted(messages): no message was expected by anyone");
    EXPECT_EQ(run.judged(connections).detail, "accounted(connections): no connection was opened");
}

TEST(Books, DeclarationsThatWereNeverReadAreInconclusive) {
    PlayedRun run;
    run.facts(R"({"target": {"declares": {"drops": true, "disconnects": true}}})");
    run.event("messages.expected", 1000 * ms, {}, 5);
    run.connect("healthy", 200);
    EXPECT_EQ(run.judged(messages).verdict, Verdict::inconclusive);
    EXPECT_EQ(run.judged(connections).verdict, Verdict::inconclusive);
}

/// 200 healthy ones stay to the end, 20 slow ones are cut off.
struct ConnectionBooks : PlayedRun {
    ConnectionBooks() {
        facts(R"({"target": {"declares": {"drops": true, "disconnects": true}}})");
        event("declared.scrapes", 11900 * ms);
        connect("healthy", 200);
        connect("slow", 20);
        for (int i = 0; i < 20; ++i)
            disconnect("slow", (5000 + i) * ms, "slow_consumer", "slow#" + std::to_string(i) + ".1");
        open("healthy", 200);
        open("slow", 0);
        event("declared.disconnects", 6000 * ms, {{"protocol", "websocket"}, {"reason", "slow_consumer"}}, 20);
    }
    void open(const char* cohort, double how_many) {
        history.sample("connections", {{"cohort", cohort}}, 11500 * ms, how_many);
    }
    void hang_up(const std::string& cohort, Nanos at, double how_many, const std::string& connection = "") {
        Labels labels{{"cohort", cohort}, {"protocol", cohort == "slow" ? "websocket" : "sse"}};
        if (!connection.empty()) labels["connection"] = connection;
        event("hangups", at, labels, how_many);
    }
};

TEST(Books, ConnectionsThatBalance) {
    ConnectionBooks run;
    const Finding finding = run.judged(connections);
    EXPECT_EQ(finding.verdict, Verdict::pass) << finding.detail;
    EXPECT_EQ(finding.samples, 220u);
}

TEST(Books, TakingDownWhatIsLeftBehindTheLastSampleIsFine) {
    ConnectionBooks run;
    run.hang_up("healthy", 12000 * ms, 200);
    run.event("declared.disconnects", 12000 * ms, {{"protocol", "sse"}, {"reason", "client_closed"}}, 200);
    EXPECT_EQ(run.judged(connections).verdict, Verdict::pass) << run.judged(connections).detail;
}

TEST(Books, AConnectionThatIsNeitherOpenNorEnded) {
    ConnectionBooks run;
    run.connect("healthy", 3);
    const Finding finding = run.judged(connections);
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.detail, "of 223 opened: 3 of cohort healthy neither open nor ended, or never opened");
}

TEST(Books, AConnectionThatEndsTwiceIsNamed) {
    ConnectionBooks run;
    run.hang_up("slow", 7000 * ms, 1, "slow#4.1");
    run.event("declared.disconnects", 7000 * ms, {{"protocol", "websocket"}, {"reason", "client_closed"}}, 1);
    const Finding finding = run.judged(connections);
    EXPECT_EQ(finding.verdict, Verdict::fail);
    EXPECT_EQ(finding.since, 7000 * ms);
    EXPECT_EQ(finding.detail, "of 220 opened: 1 ended more than once (slow#4.1)");
}

TEST(Books, AtMostTenAreNamed) {
    ConnectionBooks run;
    for (int i = 0; i < 15; ++i)
        run.hang_up("slow", 7000 * ms, 1, "slow#" + std::to_string(i) + ".1");
    EXPECT_NE(run.judged(connections).detail.find("; 5 more)"), std::string::npos) << run.judged(connections).detail;
}

TEST(Books, WhatTheTargetDeclaresMustBeWhatClientsSaw) {
    ConnectionBooks run;
    run.event("declared.disconnects", 6500 * ms, {{"protocol", "sse"}, {"reason", "internal_error"}}, 2);
    EXPECT_EQ(run.judged(connections).detail, "of 220 opened: 2 declared as ended, but not seen to end (sse)");
    // Attempts that failed for the client may have been connections to the target.
    run.event("handshake.failures", 100 * ms, {{"cohort", "healthy"}, {"protocol", "sse"}, {"cause", "timeout"}}, 2);
    EXPECT_EQ(run.judged(connections).verdict, Verdict::pass);
    // So may those that a fault opened beside the subscribers'.
    run.event("declared.disconnects", 6600 * ms, {{"protocol", "sse"}, {"reason", "client_closed"}}, 3);
    EXPECT_EQ(run.judged(connections).detail, "of 220 opened: 3 declared as ended, but not seen to end (sse)");
    run.event("faults.connects", 6500 * ms, {{"protocol", "sse"}}, 3);
    EXPECT_EQ(run.judged(connections).verdict, Verdict::pass);
    run.connect("slow", 1);
    run.disconnect("slow", 7500 * ms, "peer_unreachable", "slow#20.1");
    EXPECT_EQ(run.judged(connections).detail, "of 221 opened: 1 seen to end, but not declared (websocket)");
}

TEST(Books, ADeclarationWithoutProtocolIsComparedAsAWhole) {
    ConnectionBooks run;
    run.event("declared.disconnects", 6500 * ms, {{"reason", "drain"}}, 1);
    EXPECT_EQ(run.judged(connections).detail, "of 220 opened: 1 declared as ended, but not seen to end");
}

TEST(Books, ShardsNumberTheirConnectionsForThemselves) {
    PlayedRun run;
    for (const char* shard : {"1", "2"}) {
        run.event("connects", 0, {{"cohort", "healthy"}, {"protocol", "sse"}, {"shard", shard}});
        run.event("hangups", 5000 * ms, {{"cohort", "healthy"}, {"connection", "healthy#0.1"}, {"shard", shard}});
        run.history.sample("connections", {{"cohort", "healthy"}, {"shard", shard}}, 6000 * ms, 0);
    }
    EXPECT_EQ(run.judged(connections).verdict, Verdict::pass) << run.judged(connections).detail;
}

TEST(Books, WhoNeverHeardOfAnEndMayCallItOpen) {
    ConnectionBooks run;
    run.connect("slow", 1);
    run.event("hangups", 9000 * ms, {{"cohort", "slow"}, {"protocol", "websocket"}, {"how", "vanish"}});
    EXPECT_EQ(run.judged(connections).detail, "of 221 opened: 1 seen to end, but not declared (websocket)");
    run.history.sample("declared.connections", {{"protocol", "websocket"}}, 11000 * ms, 1);
    EXPECT_EQ(run.judged(connections).verdict, Verdict::pass) << run.judged(connections).detail;
}

TEST(Books, WhatIsNotStatedIsAFindingAllTheSame) {
    MessageBooks run;
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}, {"connection", "slow#3.1"}}, 4);
    Judgement judgement = judge(run.scenario, run.history);
    ASSERT_EQ(judgement.findings.size(), 1u);
    EXPECT_EQ(judgement.findings[0].name, "books: messages");
    EXPECT_EQ(judgement.findings[0].verdict, Verdict::fail);
    EXPECT_EQ(judgement.findings[0].since, 5000 * ms);
    EXPECT_NE(judgement.findings[0].detail.find("slow#3: missed 4"), std::string::npos);
    run.expect("accounted(messages) >= 99% always");
    judgement = judge(run.scenario, run.history);
    ASSERT_EQ(judgement.findings.size(), 1u) << "the scenario's own word replaces it";
    EXPECT_EQ(judgement.verdict, Verdict::pass);
}

TEST(Books, OfATargetThatDeclaresNoDropsTheUnstatedBooksAreInconclusive) {
    MessageBooks run;
    run.facts(R"({"target": {"declares": {"drops": false}}})");
    EXPECT_EQ(judge(run.scenario, run.history).verdict, Verdict::pass);
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}}, 4);
    EXPECT_EQ(judge(run.scenario, run.history).verdict, Verdict::inconclusive);
}

TEST(Books, WhatCameTwiceIsAFailureOfATargetThatDeclaresNoDropsToo) {
    MessageBooks run;
    run.facts(R"({"target": {"declares": {"drops": false}}})");
    run.event("messages.missed", 5000 * ms, {{"cohort", "slow"}}, 4);
    run.event("messages.duplicated", 6000 * ms, {{"cohort", "slow"}}, 1);
    const Judgement judgement = judge(run.scenario, run.history);
    EXPECT_EQ(judgement.verdict, Verdict::fail);
    EXPECT_EQ(judgement.findings[0].detail, "of 1000000000 expected: 4 missed, 1 duplicated");
}

TEST(Books, ArrivalsBeyondWhatWasDeclaredAreAFailureOfATargetThatDeclaresNoDropsToo) {
    MessageBooks run;
    run.facts(R"({"target": {"declares": {"drops": false}}})");
    run.event("disconnects", 6000 * ms,
              {{"cohort", "slow"}, {"connection", "slow#0.1"}, {"arrived", "9"}, {"declared_delivered", "8"}});
    EXPECT_EQ(judge(run.scenario, run.history).findings[0].verdict, Verdict::fail);
}

TEST(Books, APageThatWasNotReadToTheEndSettlesNothing) {
    MessageBooks run;
    run.facts(R"({"target": {"declares": {"drops": true}, "page_at_end": false}})");
    run.event("messages.missed", 5000 * ms, {}, 4);
    EXPECT_EQ(run.judged(messages).verdict, Verdict::inconclusive);
}

}  // namespace
}  // namespace squall
