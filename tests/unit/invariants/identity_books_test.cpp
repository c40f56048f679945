// The books of a target that tells its connections apart in its log: who is off, although the totals agree.
#include <algorithm>

#include "suites/invariants/contradiction.hpp"
#include "tests/unit/invariants/played_run.hpp"

namespace squall {
namespace {

const char* const messages = "accounted(messages) == 100% always";
const char* const connections = "accounted(connections) == 100% always";

/// Each test opens its own; what it does not say balances.
struct LoggedRun : PlayedRun {
    LoggedRun() {
        facts(R"({"target": {"declares": {"reasons": true, "ends": true, "drops_by_connection": true}}})");
        event("messages.expected", 1000 * ms, {{"cohort", "slow"}}, 1000);
    }
    void lose(const std::string& connection, const char* metric, double how_many) {
        event(metric, 5000 * ms, {{"cohort", "slow"}, {"connection", connection}}, how_many);
    }
    /// An end that squall made and the target declared, with `more` labels.
    void end(const std::string& connection, int dropped, Labels more = {}) {
        connect("slow", 1);
        Labels labels{{"cohort", "slow"}, {"protocol", "websocket"},     {"connection", connection},   {"how", "close"},
                      {"arrived", "100"}, {"declared_delivered", "100"}, {"declared", "client_closed"}};
        labels["declared_dropped"] = std::to_string(dropped);
        for (const auto& [name, value] : more)
            labels[name] = value;
        event("hangups", 9000 * ms, labels);
    }
    /// One that the target made; `seen` and `said` on the wire.
    void evict(const std::string& connection, const char* seen, const char* said, const char* declared) {
        connect("slow", 1);
        Labels labels{{"cohort", "slow"}, {"protocol", "websocket"}, {"connection", connection}, {"seen", seen}};
        if (*said != 0) labels["said"] = said;
        if (*declared != 0) labels["declared"] = declared;
        event("disconnects", 6000 * ms, labels);
    }
    std::string off(const char* books) { return judged(books).detail; }
};

TEST(IdentityBooks, OneSubscribersLossIsNotExcusedByAnothersDeclaration) {
    LoggedRun run;
    run.lose("slow#3.1", "messages.missed", 12);
    run.end("slow#3.1", 0);
    run.end("slow#4.1", 12);
    EXPECT_EQ(run.judged(messages).verdict, Verdict::fail);
    EXPECT_EQ(run.off(messages),
              "of 1000 expected: 12 missed and not declared dropped (slow#3.1: missed 12, declared dropped 0), 12 "
              "declared dropped, but not missed (slow#4.1: missed 0, declared dropped 12)");
}

TEST(IdentityBooks, OnlyOnesOwnMessagesInFlightMayHaveBeenDropped) {
    LoggedRun run;
    run.lose("slow#3.1", "messages.in_flight", 12);
    run.end("slow#3.1", 12);
    EXPECT_EQ(run.off(messages), "");
    run.lose("slow#5.1", "messages.in_flight", 12);
    run.end("slow#4.1", 12);
    run.end("slow#5.1", 0);
    EXPECT_EQ(run.off(messages),
              "of 1000 expected: 12 declared dropped, but not missed (slow#4.1: missed 0, declared dropped 12)");
}

TEST(IdentityBooks, DropsOfAConnectionThatCouldNotBeResumedDoNotCoverLossesOnTheNext) {
    LoggedRun run;
    run.lose("slow#3.2", "messages.missed", 12);
    run.end("slow#3.1", 5);
    run.end("slow#3.2", 7);
    EXPECT_EQ(run.off(messages),
              "of 1000 expected: 5 declared dropped, but not missed (slow#3.1: missed 0, declared dropped 5), 5 missed "
              "and not declared dropped (slow#3.2: missed 12, declared dropped 7)");
}

TEST(IdentityBooks, DropsDoNotCoverLossesOnTheConnectionBefore) {
    LoggedRun run;
    run.lose("slow#3.1", "messages.missed", 5);
    run.end("slow#3.1", 0, {{"resumable", "yes"}});
    run.lose("slow#3.2", "messages.in_flight", 5);
    run.end("slow#3.2", 5);
    EXPECT_EQ(run.off(messages),
              "of 1000 expected: 5 missed and not declared dropped (slow#3.1: missed 5, declared dropped 0)");
}

TEST(IdentityBooks, WhatWasDroppedBeforeAResumptionMayShowOnAnyConnectionThatResumed) {
    LoggedRun run;
    run.lose("slow#3.9", "messages.missed", 2);
    run.lose("slow#3.10", "messages.missed", 4);
    run.end("slow#3.8", 5, {{"resumable", "yes"}});
    run.end("slow#3.9", 0, {{"resumable", "yes"}});
    run.end("slow#3.10", 1);
    EXPECT_EQ(run.off(messages), "");
    run.lose("slow#3.10", "messages.missed", 1);
    EXPECT_EQ(run.off(messages),
              "of 1000 expected: 1 missed and not declared dropped (slow#3.10: missed 5, declared dropped 1, and 3 "
              "before it)");
}

TEST(IdentityBooks, AConnectionsOwnDropsCoverItsLossesFirst) {
    LoggedRun run;
    run.end("slow#3.1", 5, {{"resumable", "yes"}});  // replayed on the next
    run.lose("slow#3.2", "messages.missed", 5);
    run.end("slow#3.2", 5);
    EXPECT_EQ(run.off(messages), "");
}

TEST(IdentityBooks, WhatWasOnItsWayWhenNoAttemptToComeBackSucceededBelongsToTheLastConnection) {
    LoggedRun run;
    run.end("slow#3.1", 5, {{"resumable", "yes"}});
    run.lose("slow#3.4", "messages.in_flight", 3);
    EXPECT_EQ(run.off(messages),
              "of 1000 expected: 2 declared dropped, but not missed (slow#3.1: missed 0, declared dropped 5)");
    run.lose("slow#3.4", "messages.in_flight", 2);
    EXPECT_EQ(run.off(messages), "");
}

TEST(IdentityBooks, WhatWasDroppedBeforeAResumptionMayHaveComeAfterIt) {
    LoggedRun run;
    run.end("slow#3.1", 5, {{"resumable", "yes"}});
    EXPECT_NE(run.off(messages), "") << "nothing came after it";
    run.end("slow#3.2", 0, {{"resumable", "yes"}});
    EXPECT_EQ(run.off(messages), "");
}

TEST(IdentityBooks, WhatIsDroppedForAClientThatWasCutOffIsOwedToNobody) {
    LoggedRun run;
    run.end("slow#3.1", 5, {{"how", "lost"}});
    EXPECT_EQ(run.off(messages), "");
}

TEST(IdentityBooks, NobodyGetsMoreThanTheKernelWasGiven) {
    LoggedRun run;
    run.end("slow#3.1", 0, {{"arrived", "101"}});
    EXPECT_EQ(
        run.off(messages),
        "of 1000 expected: 1 arrived beyond what was declared delivered (slow#3.1: arrived 101, declared delivered "
        "100)");
}

TEST(IdentityBooks, WhoeverHasNoLineIsJudgedWithTheRest) {
    LoggedRun run;
    run.facts(R"({"target": {"declares": {"drops": true, "ends": true, "drops_by_connection": true}}})");
    run.event("declared.scrapes", 0);
    run.event("declared.drops", 5000 * ms, {}, 12);
    run.lose("slow#3.1", "messages.missed", 12);
    run.event("hangups", 9000 * ms, {{"cohort", "slow"}, {"connection", "slow#3.1"}});
    run.end("slow#4.1", 0);
    EXPECT_EQ(run.off(messages), "");
    run.lose("slow#3.1", "messages.missed", 1);
    EXPECT_EQ(run.off(messages), "of 1000 expected: 1 missed and not declared dropped (slow#3: missed 13)");
}

TEST(IdentityBooks, ThePageMustCountWhatTheLogCounts) {
    LoggedRun run;
    run.facts(
        R"({"target": {"declares": {"drops": true, "disconnects": true, "ends": true, "drops_by_connection": true}},
                  "declared_log": {"dropped": 12, "disconnects": {"client_closed": 1}}})");
    run.event("declared.scrapes", 0);
    run.event("declared.drops", 5000 * ms, {}, 9);
    run.event("declared.disconnects", 9000 * ms, {{"reason", "slow_consumer"}});
    run.lose("slow#3.1", "messages.missed", 12);
    run.end("slow#3.1", 12);
    EXPECT_EQ(run.off(messages), "of 1000 expected: 3 dropped by the target's log, but not by its metrics");
    EXPECT_EQ(
        run.off(connections),
        "of 1 opened: 1 client_closed by the target's log, but not by its metrics, 1 slow_consumer by the target's "
        "metrics, but not by its log");
    // Those that it called open on its last page ended behind it.
    run.history.sample("declared.connections", {}, 11000 * ms, 1);
    EXPECT_EQ(run.off(connections), "of 1 opened: 1 slow_consumer by the target's metrics, but not by its log");
}

TEST(IdentityBooks, EndsAndLinesThatHaveNoOther) {
    LoggedRun run;
    run.end("slow#1.1", 0);
    EXPECT_EQ(run.off(connections), "");
    run.evict("slow#2.1", "eof_cut", "", "");
    run.end("slow#3.1", 0, {{"declared", "drain"}, {"at_stop", "yes"}});
    run.event("declared.unmatched", 6500 * ms, {{"peer", "198.18.0.1:4000"}, {"reason", "drain"}});
    run.event("declared.unmatched", 6600 * ms,
              {{"peer", "198.18.0.1:4001"}, {"reason", "drain"}, {"connection", "slow#1.1"}});
    EXPECT_EQ(
        run.off(connections),
        "of 3 opened: 2 ended, but not declared (slow#2.1: seen eof_cut; slow#3.1: hung up by close, declared only "
        "when the target was stopped), 1 declared as ended, but no client's (198.18.0.1:4000: drain), 1 declared as "
        "ended once more (slow#1.1: drain)");
}

TEST(IdentityBooks, WhoNeverHeardOfAnEndNeedNotDeclareIt) {
    LoggedRun run;
    run.end("slow#1.1", 0);
    run.end("slow#2.1", 0, {{"declared", ""}, {"how", "vanish"}});
    run.end("slow#3.1", 0, {{"declared", "drain"}, {"at_stop", "yes"}, {"how", "lost"}});
    EXPECT_EQ(run.off(connections), "");
}

TEST(IdentityBooks, ALogOfTheTargetsOwnEndsNeedNotHaveOurs) {
    LoggedRun run;
    run.end("slow#1.1", 0, {{"declared", ""}});
    run.evict("slow#2.1", "close_1013", "", "slow_consumer");
    EXPECT_EQ(run.off(connections), "");
    run.evict("slow#3.1", "close_1013", "", "");
    EXPECT_EQ(run.off(connections), "of 3 opened: 1 ended, but not declared (slow#3.1: seen close_1013)");
}

TEST(IdentityBooks, WhatALogOfTheTargetsOwnEndsSaysAtTheStopDoesNotMakeItOneOfAll) {
    LoggedRun run;
    run.end("slow#1.1", 0, {{"declared", ""}});
    run.end("slow#2.1", 0, {{"declared", "drain"}, {"at_stop", "yes"}, {"how", "vanish"}});
    EXPECT_EQ(run.off(connections), "");
    // But what it was told of in time it cannot end at the stop.
    run.end("slow#3.1", 0, {{"declared", "drain"}, {"at_stop", "yes"}});
    EXPECT_EQ(run.off(connections),
              "of 3 opened: 1 ended, but not declared (slow#3.1: hung up by close, declared only when the target was "
              "stopped)");
}

TEST(IdentityBooks, ATargetThatExitedCouldNotDeclareItsEnds) {
    LoggedRun run;
    run.facts(
        R"({"target": {"declares": {"ends": true}, "exited": {"at_ns": 1, "how": "crashed", "expected": false}}})");
    run.end("slow#1.1", 0);
    run.evict("slow#2.1", "reset", "", "");
    EXPECT_EQ(run.off(connections), "");
}

constexpr const char* killed_once =
    R"({"target": {"declares": {"reasons": true, "ends": true, "drops_by_connection": true},
        "restarts": [{"started_at_ns": 6500000000, "ready_at_ns": 6600000000, "ready_within_ns": 10000000000}]}})";

TEST(IdentityBooks, WhatWasKilledCouldNotDeclareItsEnds) {
    LoggedRun run;
    run.facts(killed_once);
    run.connect("slow", 1);
    run.event("disconnects", 6000 * ms, {{"cohort", "slow"}, {"connection", "slow#1.1"}, {"killed", "yes"}});
    EXPECT_EQ(run.off(connections), "");
    run.evict("slow#2.1", "reset", "", "");
    EXPECT_EQ(run.off(connections), "of 2 opened: 1 ended, but not declared (slow#2.1: seen reset)")
        << "of the next process that is asked";
}

TEST(IdentityBooks, WhatWasMissedOverAKillMayHaveBeenDroppedAndWhatWasMissedLaterMayNot) {
    LoggedRun run;
    run.facts(killed_once);
    run.connect("slow", 1);
    run.event("disconnects", 6000 * ms,
              {{"cohort", "slow"}, {"connection", "slow#3.1"}, {"killed", "yes"}, {"resumable", "yes"}});
    run.lose("slow#3.1", "messages.missed", 2);
    run.lose("slow#3.2", "messages.missed", 5);
    run.end("slow#3.2", 0, {{"resumable", "yes"}});
    const auto books = [&] {
        run.scenario.invariants.clear();
        const auto all = judge(run.scenario, run.history).findings;
        const auto found =
            std::find_if(all.begin(), all.end(), [](const Finding& f) { return f.name == "books: messages"; });
        return found == all.end() ? Finding{} : *found;
    };
    EXPECT_EQ(books().verdict, Verdict::inconclusive);
    EXPECT_NE(books().detail.find("7 missed, and the target was killed before it could declare them dropped"),
              std::string::npos)
        << books().detail;
    EXPECT_EQ(run.judged("accounted(messages) >= 99% always").verdict, Verdict::pass) << "7 of 1000";

    run.lose("slow#3.3", "messages.missed", 1);
    run.end("slow#3.3", 0);
    EXPECT_EQ(books().verdict, Verdict::fail) << books().detail;
}

TEST(IdentityBooks, DeclaredGoneButTheSocketIsThere) {
    LoggedRun run;
    run.end("slow#1.1", 0, {{"held", "ESTABLISHED"}});
    EXPECT_EQ(run.off(connections),
              "of 1 opened: 1 declared as ended, but the target still has the socket (slow#1.1: ESTABLISHED)");
    // Of a target without a log, the count on its page is all that can be held against the kernel's table.
    run.facts(R"({"target": {"declares": {}}})");
    EXPECT_EQ(run.off(connections), "");
    run.history.sample("declared.connections", {}, 11000 * ms, 1);
    EXPECT_EQ(run.off(connections), "");
    run.history.sample("declared.connections", {}, 11500 * ms, 0);
    EXPECT_NE(run.off(connections).find("slow#1.1: ESTABLISHED"), std::string::npos);
}

TEST(IdentityBooks, ReasonsThatContradictEachOther) {
    LoggedRun run;
    run.end("slow#1.1", 0);
    run.evict("slow#2.1", "close_1013", "slow_consumer", "client_closed");
    run.evict("slow#3.1", "close_1000", "", "slow_consumer");
    run.evict("slow#4.1", "close_1013", "slow_consumer", "slow_consumer");
    EXPECT_EQ(run.off(connections),
              "of 4 opened: 2 ended for another reason than declared (slow#2.1: said slow_consumer, declared "
              "client_closed; slow#3.1: seen close_1000, declared slow_consumer)");
}

TEST(Contradiction, OnlyWhereBothSpeakClearly) {
    const auto odds = [](Labels end) { return contradiction(end, {"overloaded", "kicked"}); };
    EXPECT_EQ(odds({{"seen", "eof_clean"}, {"declared", "client_closed"}}), "seen eof_clean, declared client_closed");
    EXPECT_EQ(odds({{"seen", "eof_clean"}, {"said", "kicked"}, {"declared", "overloaded"}}),
              "said kicked, declared overloaded");
    // Cut off, not looking, a path in between, a word or code without a set meaning, nothing declared.
    EXPECT_EQ(odds({{"seen", "close_1013"}, {"declared", "client_closed"}, {"blind", "not_reading"}}), "");
    EXPECT_EQ(odds({{"seen", "lost"}, {"said", "drain"}, {"declared", "client_closed"}}), "");
    EXPECT_EQ(odds({{"seen", "eof_cut"}, {"declared", "client_closed"}}), "");
    EXPECT_EQ(odds({{"seen", "reset"}, {"declared", "slow_consumer"}}), "");
    EXPECT_EQ(odds({{"seen", "close_1013"}, {"said", "try again later"}, {"declared", "slow_share"}}), "");
    EXPECT_EQ(odds({{"seen", "close_4001"}, {"declared", "slow_consumer"}}), "");
    EXPECT_EQ(odds({{"seen", "close_1000"}, {"declared", "overloaded"}}), "");
    EXPECT_EQ(odds({{"seen", "close_1013"}}), "");
}

TEST(Contradiction, CodesThatStandForManyReasons) {
    const auto odds = [](const char* seen, const char* declared) {
        return contradiction({{"seen", seen}, {"declared", declared}}, {});
    };
    for (const char* reason : {"internal_error", "slow_consumer", "slow_share", "memory_budget", "write_timeout",
                               "pong_timeout", "idle_timeout", "peer_unreachable", "drain"}) {
        EXPECT_EQ(odds("close_1011", reason), "");
    }
    for (const char* reason : {"drain", "idle_timeout", "pong_timeout", "peer_unreachable"})
        EXPECT_EQ(odds("close_1001", reason), "");
    EXPECT_NE(odds("close_1011", "client_closed"), "");
    EXPECT_NE(odds("close_1011", "message_too_big"), "");
    EXPECT_NE(odds("close_1001", "slow_consumer"), "");
}

}  // namespace
}  // namespace squall
