#include "rig.hpp"

namespace squall::test {
namespace {

class NatForget : public RigTest {};

TEST_F(NatForget, WhoeverSendsNextMeetsAReset) {
    connect(3, "forgotten");
    connect(2, "known");
    auto injection = inject("nat-forget", {{"answer", "reset"}}, {.cohort = "forgotten"});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(200)).bit) << "nobody has said anything";
    EXPECT_EQ(established_at_target(), 5U);
    EXPECT_EQ(clients->lost().size(), 3U);
    server->push(100);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 3U);
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 3; }));
    EXPECT_EQ(clients->open(), 5U) << "the other end has not heard of it";
    clients->send_all("hello");
    EXPECT_TRUE(eventually([&] { return clients->ends_by_reset() == 3; }));
    EXPECT_EQ(clients->open(), 2U);
    EXPECT_EQ(established_at_target(), 2U);
}

TEST_F(NatForget, WithoutAnAnswerBothEndsKeepTheirs) {
    connect(2);
    auto injection = inject("nat-forget", {{"answer", "drop"}});
    ASSERT_EQ(failure(injection), "");
    server->push(100);
    wait_for_bite(**injection);
    EXPECT_EQ(clients->bytes_received(), 0U);
    EXPECT_EQ(clients->open(), 2U);
    EXPECT_EQ(established_at_target(), 2U);
    EXPECT_TRUE(clients->try_connect({9, 1}, "all", target, patience)) << "a new one is none that was forgotten";
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() > 200; }));
}

TEST_F(NatForget, BehindAProxyTheProxyMeetsIt) {
    start_proxy();
    connect(2);
    auto injection = inject("nat-forget", {});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return clients->open() == 0; })) << "it passes the end of its connection on";
}

TEST_F(NatForget, WithoutItsMechanismOrAnybodyItIsAnError) {
    EXPECT_NE(failure(inject("nat-forget", {})), "") << "nobody is connected";
    connect(1);
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("nat-forget", {})), "");
}

TEST_F(NatForget, TheDestructorHeals) {
    connect(1);
    { ASSERT_EQ(failure(inject("nat-forget", {})), ""); }
    clients->send_all("x");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 1; }));
}

}  // namespace
}  // namespace squall::test
