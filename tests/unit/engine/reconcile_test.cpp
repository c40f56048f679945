#include "suites/engine/reconcile.hpp"

#include <gtest/gtest.h>

#include "suites/workload/workload.hpp"

namespace squall {
namespace {

constexpr Endpoint client{0xC6120001, 4000};
constexpr Nanos offset = 1'000'000 * nanos_per_second;  // what the realtime clock is ahead of the run's

ClientConnection connection(std::uint32_t subscriber, std::uint32_t generation, Endpoint local) {
    return {{subscriber, generation}, "slow", local, {}};
}

Event ended(const char* metric, const ClientConnection& of, const char* seen, Nanos at) {
    return {at, metric, {{"cohort", "slow"}, {"connection", workload::connection_label(of)}, {"seen", seen}}};
}

TEST(Reconcile, WhatTheTargetDeclaredIsTheReasonButTheClientsTimeCounts) {
    const auto slow = connection(0, 1, client);
    Views views{{slow}, {}, {{offset + 5, client, "sse", "slow_consumer"}}, offset};
    const auto events = reconcile({ended("disconnects", slow, "reset", 9)}, views);
    EXPECT_EQ(events[0].labels.at("reason"), "slow_consumer");
    EXPECT_EQ(events[0].labels.at("seen"), "reset");
    EXPECT_EQ(events[0].at, 9);
}

TEST(Reconcile, OfAClientThatDidNotLookTheTargetsTimeCountsButNeverALaterOne) {
    const auto slow = connection(0, 1, client);
    for (const Nanos declared : {Nanos{5}, Nanos{50}}) {
        Views views{{slow}, {}, {{offset + declared, client, "sse", "slow_consumer"}}, offset};
        auto event = ended("disconnects", slow, "reset", 9);
        event.labels["blind"] = "not_reading";
        EXPECT_EQ(reconcile({event}, views)[0].at, std::min<Nanos>(declared, 9));
    }
}

TEST(Reconcile, WithoutADeclarationTheWireSpeaks) {
    const auto slow = connection(0, 1, client);
    auto farewell = ended("disconnects", slow, "close_1013", 9);
    farewell.labels["said"] = "memory_budget";
    const auto events = reconcile({ended("disconnects", slow, "close_1013", 9), farewell}, {{slow}, {}, {}, offset});
    EXPECT_EQ(events[0].labels.at("reason"), "slow_consumer");
    EXPECT_EQ(events[1].labels.at("reason"), "memory_budget");
}

TEST(Reconcile, AnEndThatTheClientCouldNotSeeIsADisconnect) {
    const auto lost = connection(0, 1, client);
    const auto events = reconcile({ended("hangups", lost, "", 99)},
                                  {{lost}, {}, {{offset + 7, client, "sse", "pong_timeout"}}, offset});
    EXPECT_EQ(events[0].metric, "disconnects");
    EXPECT_EQ(events[0].labels.at("seen"), "lost");
    EXPECT_EQ(events[0].at, 7);
}

TEST(Reconcile, TheEchoOfOurOwnHangUpIsNone) {
    const auto gone = connection(0, 1, client);
    const auto events = reconcile({ended("hangups", gone, "", 9)},
                                  {{gone}, {}, {{offset + 10, client, "sse", "client_closed"}}, offset});
    EXPECT_EQ(events[0].metric, "hangups");
    EXPECT_EQ(events[0].at, 9);
}

TEST(Reconcile, ProxiedPeersAreMappedAndPortsThatComeBackAreTakenInTurn) {
    constexpr Endpoint upstream{0xC61201FE, 5000};
    const auto first = connection(0, 1, client);
    const auto second = connection(0, 2, client);
    Views views{{first, second}, {{upstream, client}}, {}, offset};
    views.declared = {{offset + 1, upstream, "sse", "drain"}, {offset + 2, upstream, "sse", "slow_consumer"}};
    const auto events =
        reconcile({ended("disconnects", second, "reset", 4), ended("disconnects", first, "eof_clean", 3)}, views);
    EXPECT_EQ(events[0].labels.at("reason"), "slow_consumer");
    EXPECT_EQ(events[1].labels.at("reason"), "drain");
}

}  // namespace
}  // namespace squall
