#include "rig.hpp"

namespace squall::test {
namespace {

class MtuBlackHole : public RigTest {};

TEST_F(MtuBlackHole, WhatIsShortGetsThroughAndWhatIsLongNeverDoes) {
    connect(3);
    server->push(100);
    auto injection = inject("mtu-black-hole", {{"mtu", "1000B"}});
    ASSERT_EQ(failure(injection), "");
    const Witness fits = witness_after(**injection, std::chrono::milliseconds(300));
    EXPECT_FALSE(fits.bit) << "nothing was too long";
    EXPECT_GT(measure(fits, "packets_passed"), 0);

    server->push(0);
    ASSERT_TRUE(eventually([&] {  // what is on its way arrives
        const std::size_t before = clients->bytes_received();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        return clients->bytes_received() == before;
    }));
    const std::size_t before = clients->bytes_received();
    server->push(60'000);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 3U);
    server->push(0);
    witness_after(**injection, std::chrono::milliseconds(500));
    EXPECT_LT(clients->bytes_received() - before, 3U * 60'000) << "not even by retransmission";
    EXPECT_EQ(clients->open(), 3U);

    const std::size_t stuck = clients->bytes_received();
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() > stuck + 60'000; }));
}

TEST_F(MtuBlackHole, AByteLessThanAWiresIsEnough) {
    connect(3);
    server->push(60'000);
    auto injection = inject("mtu-black-hole", {{"mtu", "1499B"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
    EXPECT_NE(failure(inject("mtu-black-hole", {{"mtu", "1500B"}})), "") << "there is nothing longer";
}

TEST_F(MtuBlackHole, ToTheTarget) {
    connect(1);
    auto injection = inject("mtu-black-hole", {{"mtu", "576B"}, {"direction", "to-target"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("short");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 5; }));
    clients->send_all(std::string(20'000, 'l'));
    wait_for_bite(**injection);
    EXPECT_LT(server->bytes_received(), 20'005U);
}

TEST_F(MtuBlackHole, BehindAProxyToTheSubscriberOnly) {
    start_proxy();
    connect(2);
    EXPECT_NE(failure(inject("mtu-black-hole", {{"direction", "both"}})), "");
    auto injection = inject("mtu-black-hole", {});
    ASSERT_EQ(failure(injection), "");
    server->push(60'000);
    wait_for_bite(**injection);
}

TEST_F(MtuBlackHole, WithoutItsMechanismOrAnybodyItIsAnError) {
    EXPECT_NE(failure(inject("mtu-black-hole", {})), "") << "nobody is connected";
    connect(1);
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("mtu-black-hole", {})), "");
}

TEST_F(MtuBlackHole, TheDestructorHeals) {
    connect(1);
    { ASSERT_EQ(failure(inject("mtu-black-hole", {})), ""); }
    server->push(60'000);
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() > 60'000; }));
}

}  // namespace
}  // namespace squall::test
