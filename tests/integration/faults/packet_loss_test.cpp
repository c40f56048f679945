#include "rig.hpp"

namespace squall::test {
namespace {

class PacketLoss : public RigTest {};

TEST_F(PacketLoss, AShareOfThePacketsIsLostAndTcpMakesUpForIt) {
    connect(20);
    server->echo(true);
    auto injection = inject("packet-loss", {{"loss", "10%"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit) << "no packet yet: not proven";
    std::size_t sent = 0;
    Witness witness;
    ASSERT_TRUE(eventually([&] {
        clients->send_all("ping");
        sent += 20 * 4;
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return measure(witness, "packets_dropped") + measure(witness, "packets_passed") > 1000;
    }));
    EXPECT_TRUE(witness.bit);
    EXPECT_NEAR(measure(witness, "share_dropped"), 0.1, 0.045) << "four and a half standard deviations";
    EXPECT_GT(measure(witness, "dropped_to_target"), 0);
    EXPECT_GT(measure(witness, "dropped_to_subscriber"), 0);
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == sent; })) << "while it lasts";
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() == sent; }));
    EXPECT_EQ(clients->open(), 20U);
}

TEST_F(PacketLoss, OneWayAndOneCohortOnly) {
    connect(5, "radio");
    connect(5, "cable");
    auto injection = inject("packet-loss", {{"loss", "100%"}, {"direction", "to-target"}}, {.cohort = "radio"});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "share_dropped"), 1);
    EXPECT_EQ(measure(witness, "dropped_to_subscriber"), 0);
    EXPECT_EQ(witness.connections.size(), 5U);
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 25; })) << "the other cohort's";
}

TEST_F(PacketLoss, TheShareFollowsItsCurve) {
    connect(5);
    auto injection = inject("packet-loss", {{"loss", "0%, 100% at 500ms, 0% at 1s"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("ping");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 20; }));
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(450)).bit) << "not yet";
    witness_after(**injection, std::chrono::milliseconds(50));
    clients->send_all("ping");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(450));
    EXPECT_TRUE(witness.bit);
    EXPECT_GT(measure(witness, "packets_passed"), 0) << "the counters go on";
    EXPECT_EQ(server->bytes_received(), 20U);
    witness_after(**injection, std::chrono::milliseconds(50));
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 40; })) << "TCP sends again";
}

TEST_F(PacketLoss, EndedConnectionsLeaveTheirPortsToOthers) {
    connect(2);
    auto injection = inject("packet-loss", {{"loss", "0.0001%"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 10; }));
    const auto before = witness_after(**injection, std::chrono::milliseconds(50));
    const auto treated = [&] {
        const auto listing = kernel::nft::run(testbed->path, "list table inet squall-" + run_id + "-1");
        EXPECT_EQ(failure(listing), "");
        std::size_t elements = 0;
        if (listing) {
            kernel::nft::for_each_element(*listing, [&](auto, const auto&, const auto&, auto) { ++elements; });
        }
        return elements;
    };
    EXPECT_EQ(treated(), 4U) << "two directions of two";
    ASSERT_TRUE(clients->hang_up({{0, 1}}, Hangup::reset));
    EXPECT_TRUE(eventually([&] {
        witness_after(**injection, std::chrono::milliseconds(200));
        return treated() == 2;
    }));
    const auto after = witness_after(**injection, std::chrono::milliseconds(50));
    EXPECT_EQ(after.connections.size(), 2U) << "it was aimed at, all the same";
    EXPECT_GE(measure(after, "packets_passed"), measure(before, "packets_passed"));
}

TEST_F(PacketLoss, BehindAProxyItIsOnTheTargetsLeg) {
    start_proxy();
    connect(5);
    auto injection = inject("packet-loss", {{"loss", "50%"}});
    ASSERT_EQ(failure(injection), "");
    server->push(100);
    EXPECT_GT(measure(wait_for_bite(**injection), "packets_dropped"), 0);
}

TEST_F(PacketLoss, WithoutItsMechanismOrAnybodyItIsAnError) {
    EXPECT_NE(failure(inject("packet-loss", {{"loss", "1%"}})), "") << "nobody is connected";
    connect(1);
    EXPECT_NE(failure(inject("packet-loss", {})), "") << "how much?";
    EXPECT_NE(failure(inject("packet-loss", {{"loss", "0%"}})), "");
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("packet-loss", {{"loss", "1%"}})), "");
}

TEST_F(PacketLoss, TheDestructorHeals) {
    connect(1);
    { ASSERT_EQ(failure(inject("packet-loss", {{"loss", "100%"}})), ""); }
    clients->send_all("x");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 1; }));
}

}  // namespace
}  // namespace squall::test
