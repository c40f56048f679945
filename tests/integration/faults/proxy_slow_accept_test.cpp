// A proxy that comes late to new connections: who waits, who finds the queue full, and that it ends.
#include "rig.hpp"

namespace squall::test {
namespace {

class SlowAccept : public RigTest {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) start_proxy();
    }
};

TEST_F(SlowAccept, ConnectionsWaitForTheirTurn) {
    connect(1);
    auto injection = inject("proxy-slow-accept", {{"rate", "4/s"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE((*injection)->witness()->bit) << "nobody has come";
    connect(4);
    ASSERT_TRUE(eventually([&] { return server->open() == 5; }));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "accepted"), 4);
    EXPECT_GE(measure(witness, "waited"), 1);
    EXPECT_GT(measure(witness, "wait_seconds_max"), 0);
}

TEST_F(SlowAccept, HealingLetsInWhoWaits) {
    auto injection = inject("proxy-slow-accept", {{"rate", "0.01/s"}});
    ASSERT_EQ(failure(injection), "");
    clients->connect(3, "all", proxy_front);  // the kernel shakes hands for the proxy, and the target hears of one
    ASSERT_TRUE(eventually([&] { return measure(*(*injection)->witness(), "waiting") == 2; }));
    EXPECT_TRUE((*injection)->witness()->bit);
    EXPECT_EQ(proxy->open_connections(), 1U);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return server->open() == 3; }));
    connect(2);
    EXPECT_TRUE(eventually([&] { return server->open() == 5; }));
}

TEST_F(SlowAccept, AShortQueueIsFullSoon) {
    auto injection = inject("proxy-slow-accept", {{"rate", "0.01/s"}, {"backlog", "1"}});
    ASSERT_EQ(failure(injection), "");
    bool refused = false;
    for (std::uint32_t i = 0; i < 20 && !refused; ++i)
        refused = !clients->try_connect({i, 1}, "all", proxy_front, std::chrono::milliseconds(500));
    EXPECT_TRUE(refused);
    EXPECT_GE(measure(*(*injection)->witness(), "queue_overflows"), 1);
    injection->reset();
    const std::size_t in_queue = clients->open();
    EXPECT_TRUE(eventually([&] { return server->open() >= in_queue; }));
    connect(5);
    EXPECT_TRUE(eventually([&] { return server->open() >= in_queue + 5; })) << "the destructor heals";
}

TEST_F(SlowAccept, NeedsAProxy) {
    proxy.reset();
    EXPECT_NE(failure(inject("proxy-slow-accept", {{"rate", "1/s"}})).find("write 'proxy: true'"), std::string::npos);
}

}  // namespace
}  // namespace squall::test
