#include "suites/engine/reconcile.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "suites/workload/workload.hpp"

namespace squall {
namespace {

constexpr Endpoint client{0xC6120001, 4000};
constexpr Nanos offset = 1'000'000 * nanos_per_second;  // what the realtime clock is ahead of the run's

using workload::Established;

Established connection(std::uint32_t subscriber, std::uint32_t generation, Endpoint local, Nanos since = 0) {
    return {{{subscriber, generation}, "slow", local, {}}, since, Established::Role::subscription};
}

Event ended(const char* metric, const Established& of, const char* seen, Nanos at) {
    return {
        at, metric, {{"cohort", "slow"}, {"connection", workload::connection_label(of.connection)}, {"seen", seen}}};
}

/// `connections`, of which the target wrote `declared`, at instants of the run's clock.
Views views(std::vector<Established> connections, std::vector<DeclaredDisconnect> declared = {}) {
    Views views;
    views.connections = std::move(connections);
    views.declared = std::move(declared);
    for (auto& line : views.declared)
        line.at += offset;
    views.realtime_minus_run = offset;
    return views;
}

std::vector<Event> named(const std::vector<Event>& events, const std::string& metric) {
    std::vector<Event> found;
    std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                 [&](const Event& event) { return event.metric == metric; });
    return found;
}

TEST(Reconcile, WhatTheTargetDeclaredIsTheReasonButTheClientsTimeCounts) {
    const auto slow = connection(0, 1, client);
    const auto events = reconcile({ended("disconnects", slow, "reset", 9)},
                                  views({slow}, {{5, client, "sse", "slow_consumer", 3, 12}}));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].labels.at("reason"), "slow_consumer");
    EXPECT_EQ(events[0].labels.at("seen"), "reset");
    EXPECT_EQ(events[0].labels.at("declared"), "slow_consumer");
    EXPECT_EQ(events[0].labels.at("declared_dropped"), "3");
    EXPECT_EQ(events[0].labels.at("declared_delivered"), "12");
    EXPECT_EQ(events[0].at, 9);
}

TEST(Reconcile, WhatWasOpenWhenItsProcessWasKilledIsMarked) {
    const auto before = connection(0, 1, client, 3);
    const auto across = connection(1, 1, {client.address, 4001}, 3);
    const auto declared = connection(2, 1, {client.address, 4002}, 3);
    const auto after = connection(3, 1, {client.address, 4003}, 30);
    auto all = views({before, across, declared, after}, {{11, {client.address, 4002}, "sse", "drain"}});
    all.killed = {{10, 20}};
    const auto events =
        reconcile({ended("disconnects", before, "reset", 9), ended("disconnects", across, "reset", 12),
                   ended("disconnects", declared, "eof_clean", 12), ended("disconnects", after, "reset", 40)},
                  all);
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[0].labels.count("killed"), 0U) << "it had ended before";
    EXPECT_EQ(events[1].labels.at("killed"), "yes");
    EXPECT_EQ(events[2].labels.count("killed"), 0U) << "there was time to declare it";
    EXPECT_EQ(events[3].labels.count("killed"), 0U) << "the next process's";
}

TEST(Reconcile, OfAClientThatDidNotLookTheTargetsTimeCountsButNeverALaterOne) {
    const auto slow = connection(0, 1, client);
    for (const Nanos declared : {Nanos{5}, Nanos{50}}) {
        auto event = ended("disconnects", slow, "reset", 9);
        event.labels["blind"] = "not_reading";
        const auto all = views({slow}, {{declared, client, "sse", "slow_consumer"}});
        EXPECT_EQ(reconcile({event}, all)[0].at, std::min<Nanos>(declared, 9));
    }
}

TEST(Reconcile, WithoutADeclarationTheWireSpeaks) {
    const auto slow = connection(0, 1, client);
    auto farewell = ended("disconnects", slow, "close_1013", 9);
    farewell.labels["said"] = "memory_budget";
    const auto events = reconcile({ended("disconnects", slow, "close_1013", 9), farewell}, views({slow}));
    EXPECT_EQ(events[0].labels.at("reason"), "slow_consumer");
    EXPECT_EQ(events[1].labels.at("reason"), "memory_budget");
    EXPECT_EQ(events[0].labels.count("declared"), 0U);
}

TEST(Reconcile, AnEndThatTheClientCouldNotSeeIsADisconnect) {
    const auto lost = connection(0, 1, client);
    const auto events =
        reconcile({ended("hangups", lost, "", 99)}, views({lost}, {{7, client, "sse", "pong_timeout"}}));
    EXPECT_EQ(events[0].metric, "disconnects");
    EXPECT_EQ(events[0].labels.at("seen"), "lost");
    EXPECT_EQ(events[0].at, 7);
}

TEST(Reconcile, TheEchoOfOurOwnHangUpIsNone) {
    const auto gone = connection(0, 1, client);
    const auto events =
        reconcile({ended("hangups", gone, "", 9)}, views({gone}, {{10, client, "sse", "client_closed"}}));
    EXPECT_EQ(events[0].metric, "hangups");
    EXPECT_EQ(events[0].at, 9);
}

TEST(Reconcile, WhatIsDeclaredOnlyWhenTheTargetIsStoppedIsNoDisconnect) {
    const auto gone = connection(0, 1, client);
    auto all = views({gone}, {{70, client, "sse", "drain"}});
    all.stopped_at = 60;
    const auto events = reconcile({ended("hangups", gone, "", 9)}, all);
    EXPECT_EQ(events[0].metric, "hangups");
    EXPECT_EQ(events[0].labels.at("at_stop"), "yes");
}

TEST(Reconcile, OfALogThatGivesNoTimesALineThatComesLateCountsUnlessTheSocketWasThereTillTheStop) {
    const auto gone = connection(0, 1, client);
    auto all = views({gone}, {{0, client, "sse", "slow_consumer", 3}});
    all.declared[0].at = 0;
    all.declared[0].offset = all.log_size_when_held = 100;
    all.stopped_at = 60;
    auto events = reconcile({ended("hangups", gone, "", 9)}, all);
    EXPECT_EQ(events[0].metric, "disconnects");
    EXPECT_EQ(events[0].labels.count("at_stop"), 0U) << "the buffer was written late";
    EXPECT_EQ(events[0].labels.at("declared_dropped"), "3");
    all.held[client] = "ESTABLISHED";
    events = reconcile({ended("hangups", gone, "", 9)}, all);
    EXPECT_EQ(events[0].metric, "hangups");
    EXPECT_EQ(events[0].labels.at("at_stop"), "yes");
}

TEST(Reconcile, ProxiedPeersAreMappedAndPortsThatComeBackAreTakenInTurn) {
    constexpr Endpoint upstream{0xC61201FE, 5000};
    const auto first = connection(0, 1, client);
    const auto second = connection(0, 2, client, 2);
    auto all = views({first, second}, {{1, upstream, "sse", "drain"}, {2, upstream, "sse", "slow_consumer"}});
    all.pairs = {{client, upstream}, {client, upstream}};
    const auto events =
        reconcile({ended("disconnects", second, "reset", 4), ended("disconnects", first, "eof_clean", 3)}, all);
    EXPECT_EQ(events[0].labels.at("reason"), "slow_consumer");
    EXPECT_EQ(events[1].labels.at("reason"), "drain");
}

TEST(Reconcile, OfTwoConnectionsFromOnePortTheLineBelongsToTheOneThatWasThere) {
    const auto first = connection(0, 1, client, 10);
    const auto second = connection(0, 2, client, 20);
    const std::vector<Event> ends{ended("disconnects", first, "reset", 15), ended("disconnects", second, "reset", 30)};
    const auto declared = [&](std::vector<DeclaredDisconnect> lines) {
        const auto events = reconcile(ends, views({first, second}, std::move(lines)));
        return label(events[0].labels, "declared") + "," + label(events[1].labels, "declared");
    };
    EXPECT_EQ(declared({{14, client, "sse", "drain"}}), "drain,");
    EXPECT_EQ(declared({{29, client, "sse", "drain"}}), ",drain");
    // Written late, when the port had come back already.
    EXPECT_EQ(declared({{21, client, "sse", "drain"}, {29, client, "sse", "pong_timeout"}}), "drain,pong_timeout");
    // Times cut to whole seconds may lie before the connection.
    EXPECT_EQ(declared({{0, client, "sse", "drain"}, {0, client, "sse", "pong_timeout"}}), "drain,pong_timeout");
}

/// Two connections from one port: ours sees the first one end at 20 ms and the second at 60 ms. What was declared of
/// each when these lines were written, and what of a line was too many.
struct PortUsedAgain {
    static constexpr Nanos ms = 1'000'000;
    Established first = connection(0, 1, client, 10 * ms);
    Established second = connection(0, 2, client, 30 * ms);
    Event first_end = ended("hangups", first, "", 20 * ms);
    Event second_end = ended("disconnects", second, "reset", 60 * ms);
    std::vector<Views::Killed> killed = {};
    bool times = true;

    /// `at` in microseconds.
    std::string declared(std::vector<DeclaredDisconnect> lines) const {
        for (auto& line : lines)
            line.at *= 1000;
        Views all = views({first, second}, std::move(lines));
        all.killed = killed;
        for (auto& line : all.declared)
            line.at = times ? line.at : 0;
        const auto events = reconcile({first_end, second_end}, all);
        std::string said = label(events[0].labels, "declared") + "," + label(events[1].labels, "declared");
        for (const Event& event : named(events, "declared.unmatched"))
            said += "+" + label(event.labels, "reason") + " of " + label(event.labels, "connection");
        return said;
    }
};

TEST(Reconcile, TheLateLineOfAPortsFirstConnectionIsNotThatOfTheSecondThatWasKilled) {
    PortUsedAgain port;
    port.killed = {{50 * port.ms, 70 * port.ms}};
    port.first_end.labels["how"] = "lost";
    EXPECT_EQ(port.declared({{31'001, client, "sse", "client_reset"}}), "client_reset,");
    EXPECT_EQ(port.declared({{31'001, client, "sse", "pong_timeout"}}), "pong_timeout,") << "it would have been seen";
    EXPECT_EQ(port.declared({{51'001, client, "sse", "drain"}}), ",drain") << "it was told to stop";
    // Whether it looked is all that tells.
    port.second_end.labels["blind"] = "not_reading";
    EXPECT_EQ(port.declared({{31'001, client, "sse", "pong_timeout"}}), ",pong_timeout");
}

TEST(Reconcile, WithALineForEachConnectionOfAPortNothingTradesPlaces) {
    PortUsedAgain port;
    port.killed = {{50 * port.ms, 70 * port.ms}};
    // The second one's was written just before the signal, and seen just after it.
    EXPECT_EQ(port.declared({{21'001, client, "sse", "client_closed"}, {49'999, client, "sse", "drain"}}),
              "client_closed,drain");
    EXPECT_EQ(port.declared({{31'001, client, "sse", "client_closed"}, {49'999, client, "sse", "client_reset"}}),
              "client_closed,client_reset");
}

TEST(Reconcile, AnEchoOfTheClientsEndIsThatOfOneThatHadEnded) {
    PortUsedAgain port;  // and no kill: the second is a connection that was never declared
    EXPECT_EQ(port.declared({{31'001, client, "sse", "client_reset"}}), "client_reset,");
    EXPECT_EQ(port.declared({{60'001, client, "sse", "client_reset"}}), ",client_reset");
    EXPECT_EQ(port.declared({{31'001, client, "sse", "slow_consumer"}}), ",slow_consumer");
    // Cut to the millisecond in which the client closed.
    port.second_end.at += port.ms / 2;
    EXPECT_EQ(port.declared({{60'000, client, "sse", "client_reset"}}), ",client_reset");
    EXPECT_EQ(port.declared({{59'999, client, "sse", "client_reset"}}), "client_reset,");
}

TEST(Reconcile, ALogWithoutTimesLeavesTheOrder) {
    PortUsedAgain port;
    port.times = false;
    port.killed = {{50 * port.ms, 70 * port.ms}};
    EXPECT_EQ(port.declared({{1, client, "sse", "client_closed"}}), ",client_closed");
    EXPECT_EQ(port.declared({{1, client, "sse", "client_closed"}, {1, client, "sse", "drain"}}), "client_closed,drain");
}

TEST(Reconcile, WhatTheNextProcessWritesIsNoEndOfTheLastOnes) {
    PortUsedAgain port;
    port.killed = {{19 * port.ms, 25 * port.ms}};
    EXPECT_EQ(port.declared({{59'001, client, "sse", "drain"}, {59'002, client, "sse", "slow_consumer"}}),
              ",drain+slow_consumer of slow#0.2");
    EXPECT_EQ(port.declared({{27'001, client, "sse", "drain"}}), ",+drain of slow#0.1");
    EXPECT_EQ(port.declared({{18'001, client, "sse", "drain"}, {59'002, client, "sse", "slow_consumer"}}),
              "drain,slow_consumer");
}

TEST(Reconcile, LinesThatAreNotInOrderOfTimeAreNotLost) {
    const PortUsedAgain port;
    EXPECT_EQ(port.declared({{59'001, client, "sse", "drain"}, {19'001, client, "sse", "pong_timeout"}}),
              "pong_timeout,drain");
}

TEST(Reconcile, ALineTooManyIsAnEventWithTheConnectionOrThePeer) {
    const auto slow = connection(0, 1, client);
    constexpr Endpoint stranger{0xC6120001, 4001};
    auto all = views({slow}, {{5, client, "sse", "slow_consumer"},
                              {6, client, "sse", "client_closed"},
                              {7, stranger, "sse", "drain"},
                              {8, {0xC6120101, 9}, "sse", "client_closed"}});
    all.target = {0xC6120101, 8080};  // the last line is about a probe of squall's own
    const auto events = reconcile({ended("disconnects", slow, "reset", 9)}, all);
    EXPECT_EQ(events[0].labels.at("declared"), "slow_consumer") << "the first word counts";
    const auto unmatched = named(events, "declared.unmatched");
    ASSERT_EQ(unmatched.size(), 2U);
    EXPECT_EQ(label(unmatched[1].labels, "connection"), "slow#0.1");
    EXPECT_EQ(label(unmatched[1].labels, "reason"), "client_closed");
    EXPECT_EQ(unmatched[0].labels.at("peer"), "198.18.0.1:4001");
    EXPECT_EQ(unmatched[0].labels.count("connection"), 0U);
}

TEST(Reconcile, AttemptsThatFailedAndPublishersExplainALine) {
    auto attempt = connection(0, 1, client);
    attempt.role = Established::Role::attempt;
    auto publisher = connection(0, 1, {0xC6120001, 4001});
    publisher.role = Established::Role::publisher;
    const auto events = reconcile(
        {}, views({attempt, publisher},
                  {{5, client, "sse", "client_reset"}, {6, {0xC6120001, 4001}, "websocket", "client_closed"}}));
    EXPECT_TRUE(events.empty());
}

TEST(Reconcile, SocketsThatTheTargetStillHasAreNotedUnlessItDeclaredThemLater) {
    const auto kept = connection(0, 1, client);
    auto all = views({kept}, {{5, client, "websocket", "pong_timeout"}});
    all.held[client] = "ESTABLISHED";
    all.log_size_when_held = 100;
    EXPECT_EQ(reconcile({ended("hangups", kept, "", 9)}, all)[0].labels.at("held"), "ESTABLISHED");
    all.declared[0].offset = 100;
    EXPECT_EQ(reconcile({ended("hangups", kept, "", 9)}, all)[0].labels.count("held"), 0U);
}

}  // namespace
}  // namespace squall
