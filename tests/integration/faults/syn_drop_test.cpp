#include "rig.hpp"

namespace squall::test {
namespace {

class SynDrop : public RigTest {};

TEST_F(SynDrop, NobodyNewGetsInAndTheOthersGoOn) {
    connect(3);
    auto injection = inject("syn-drop", {});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 15; }));
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit) << "nobody wanted in";
    EXPECT_FALSE(clients->try_connect({3, 1}, "all", target, std::chrono::milliseconds(300)));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_GT(measure(witness, "syns_dropped"), 0);
    EXPECT_EQ(measure(witness, "syns_passed"), 0);
    EXPECT_EQ(established_at_target(), 3U);

    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(clients->try_connect({4, 1}, "all", target, patience));
}

TEST_F(SynDrop, AShareOfThem) {
    auto injection = inject("syn-drop", {{"loss", "50%"}});
    ASSERT_EQ(failure(injection), "");
    std::uint32_t tried = 0;
    std::size_t made = 0;
    for (; tried < 60; ++tried)
        made += clients->try_connect({tried, 1}, "all", target, std::chrono::milliseconds(20));
    EXPECT_GT(made, 8U);
    EXPECT_LT(made, 52U);
    EXPECT_TRUE(wait_for_bite(**injection).bit);
}

TEST_F(SynDrop, BehindAProxyTheProxyGetsNoConnection) {
    start_proxy();
    connect(1);
    auto injection = inject("syn-drop", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(clients->try_connect({5, 1}, "all", proxy_front, patience)) << "as far as the proxy";
    wait_for_bite(**injection);
    EXPECT_EQ(established_at_target(), 1U);
    EXPECT_EQ(clients->open(), 2U) << "the proxy goes on trying";
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return established_at_target() == 2; }));
}

TEST_F(SynDrop, WithoutItsMechanismItIsAnError) {
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("syn-drop", {})), "");
}

TEST_F(SynDrop, TheDestructorHeals) {
    { ASSERT_EQ(failure(inject("syn-drop", {})), ""); }
    connect(1);
}

}  // namespace
}  // namespace squall::test
