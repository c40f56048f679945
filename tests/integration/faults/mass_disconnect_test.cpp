#include "rig.hpp"

namespace squall::test {
namespace {

class MassDisconnect : public RigTest {};

TEST_F(MassDisconnect, Close) {
    connect(10);
    auto injection = inject("mass-disconnect", {}, {.cohort = "", .share = 0.5, .seed = 9});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 5U);
    EXPECT_TRUE(eventually([&] { return server->ends_by_fin() == 5; }));
    EXPECT_EQ(clients->open(), 5U);
    EXPECT_EQ(failure((*injection)->heal()), "");
}

TEST_F(MassDisconnect, ResetThroughAProxy) {
    start_proxy();
    connect(6);
    auto injection = inject("mass-disconnect", {{"how", "reset"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 6; }));
}

TEST_F(MassDisconnect, VanishTellsNobody) {
    connect(4);
    auto injection = inject("mass-disconnect", {{"how", "vanish"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(witness_after(**injection, std::chrono::milliseconds(200)).bit);
    EXPECT_EQ(established_at_target(), 4U);
    EXPECT_EQ(clients->open(), 0U);
}

TEST_F(MassDisconnect, NobodyToAimAtIsAnError) {
    EXPECT_NE(failure(inject("mass-disconnect", {})), "");
}

}  // namespace
}  // namespace squall::test
