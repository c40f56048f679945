// Several faults at once on the same connections: each bites, and they may be healed in any order.
#include <algorithm>

#include "rig.hpp"

namespace squall::test {
namespace {

using Written = std::map<std::string, std::string, std::less<>>;

class Composition : public RigTest {
protected:
    static constexpr std::size_t connections = 5;

    void SetUp() override {
        RigTest::SetUp();
        start_proxy();
        server->echo(true);
        connect(connections);
    }

    void send(const std::string& bytes) {
        clients->send_all(bytes);
        sent += bytes.size() * connections;
    }

    std::size_t sent = 0;  ///< and to come back
};

TEST_F(Composition, FiveOfThreeKindsHealInAnyOrder) {
    const std::vector<std::pair<const char*, Written>> uses{{"packet-loss", {{"loss", "5%"}}},
                                                            {"packet-loss", {{"loss", "3%"}}},
                                                            {"proxy-latency", {{"delay", "5ms"}}},
                                                            {"proxy-latency", {{"delay", "10ms"}}},
                                                            {"proxy-bandwidth", {{"rate", "200KB/s"}}}};
    const std::vector<std::vector<std::size_t>> orders{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}};
    for (const auto& order : orders) {
        std::vector<std::unique_ptr<Injection>> injections;
        for (const auto& [fault, written] : uses) {
            auto injection = inject(fault, written);
            ASSERT_EQ(failure(injection), "") << fault;
            injections.push_back(std::move(*injection));
        }
        ASSERT_TRUE(eventually([&] {
            send(std::string(20'000, 'x'));
            return std::all_of(injections.begin(), injections.end(), [&](auto& injection) {
                return witness_after(*injection, std::chrono::milliseconds(50)).bit;
            });
        }));
        for (const std::size_t which : order)
            EXPECT_EQ(failure(injections[which]->heal()), "") << uses[which].first;
        EXPECT_TRUE(eventually([&] { return clients->bytes_received() == sent; })) << "nothing is in the way any more";
        EXPECT_EQ(clients->open(), connections);
    }
}

TEST_F(Composition, WhatIsLeftInForceGoesOn) {
    auto longer = inject("proxy-latency", {{"delay", "60s"}});
    ASSERT_EQ(failure(longer), "");
    auto shorter = inject("proxy-latency", {{"delay", "1ms"}});
    ASSERT_EQ(failure(shorter), "");
    clients->send_all("ping");
    ASSERT_TRUE(wait_for_bite(**shorter).bit);
    EXPECT_EQ(failure((*shorter)->heal()), "");
    EXPECT_EQ(clients->bytes_received(), 0U) << "the longer delay is still in force";
    EXPECT_EQ(failure((*longer)->heal()), "");
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() == 4 * connections; }));
}

TEST_F(Composition, OneSubscriberAlone) {
    Aim aim{.cohort = "all"};
    aim.subscriber = 3;
    auto injection = inject("proxy-latency", {{"delay", "60s"}}, aim);
    ASSERT_EQ(failure(injection), "");
    clients->send_all("ping");
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() == 4 * (connections - 1); }));
    const Witness witness = wait_for_bite(**injection);
    ASSERT_EQ(witness.connections.size(), 1U);
    EXPECT_EQ(witness.connections[0].subscriber, 3U);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() == 4 * connections; }));
    aim.subscriber = 99;
    EXPECT_NE(failure(inject("packet-loss", {{"loss", "1%"}}, aim)), "") << "not connected";
}

}  // namespace
}  // namespace squall::test
