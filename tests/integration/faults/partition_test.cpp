#include "rig.hpp"

namespace squall::test {
namespace {

class Partition : public RigTest {};

TEST_F(Partition, WhatWasSentMeanwhileArrivesAfterwards) {
    connect(4);
    auto injection = inject("partition", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(100)).bit) << "no packet yet: not proven";
    clients->send_all("hello");
    server->push(100);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 4U);
    EXPECT_GT(measure(witness, "dropped_to_target"), 0);
    EXPECT_GT(measure(witness, "dropped_to_subscriber"), 0);
    EXPECT_EQ(server->bytes_received(), 0U);
    EXPECT_EQ(clients->bytes_received(), 0U);
    EXPECT_TRUE(clients->lost().empty()) << "they are not declared gone";

    server->push(0);
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 20; })) << "by retransmission";
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() >= 400; }));
    EXPECT_EQ(clients->open(), 4U);
    EXPECT_EQ(established_at_target(), 4U);
}

TEST_F(Partition, OneWayOnly) {
    connect(2);
    auto injection = inject("partition", {{"direction", "to-subscriber"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    const Witness witness = wait_for_bite(**injection);  // the acknowledgements
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 10; }));
    EXPECT_EQ(measure(witness, "dropped_to_target"), 0);
}

TEST_F(Partition, TheOthersHaveTheirNetwork) {
    connect(3, "cut-off");
    connect(2, "connected");
    auto injection = inject("partition", {}, {.cohort = "cut-off"});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 10; }));
    connect(1, "connected");
    clients->send_all("!");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 13; }));
}

TEST_F(Partition, OfEverybodyNobodyNewGetsThrough) {
    connect(1);
    auto injection = inject("partition", {{"direction", "to-target"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(clients->try_connect({7, 1}, "all", target, std::chrono::milliseconds(300)));
    clients->send_all("x");
    EXPECT_GT(measure(wait_for_bite(**injection), "handshake_packets_dropped"), 0);
}

TEST_F(Partition, AChosenSubscriberThatComesBackIsCutOnceItIsThere) {
    connect(1, "cut-off");
    connect(1, "connected");
    auto injection = inject("partition", {}, {.cohort = "cut-off"});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(clients->try_connect({0, 2}, "cut-off", target, patience)) << "its handshake tells nobody whose it is";
    EXPECT_EQ(measure(witness_after(**injection, std::chrono::milliseconds(500)), "later_connections_cut"), 1);
    clients->send_all("hello");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 5; }));
    EXPECT_EQ(measure(wait_for_bite(**injection), "connections"), 1);
    EXPECT_EQ(server->bytes_received(), 5U) << "that of the other cohort";
}

TEST_F(Partition, BehindAProxyTheTargetsLegIsCut) {
    start_proxy();
    connect(3);
    auto injection = inject("partition", {});
    ASSERT_EQ(failure(injection), "");
    server->push(100);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 3U);
    EXPECT_EQ(clients->bytes_received(), 0U);
    server->push(0);
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() >= 300; }));
}

TEST_F(Partition, WithoutItsMechanismOrAnybodyItIsAnError) {
    EXPECT_NE(failure(inject("partition", {})), "") << "nobody is connected";
    connect(1);
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("partition", {})), "");
}

TEST_F(Partition, TheDestructorHeals) {
    connect(1);
    { ASSERT_EQ(failure(inject("partition", {})), ""); }
    clients->send_all("x");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 1; }));
    connect(1);
}

}  // namespace
}  // namespace squall::test
