#include <algorithm>

#include "rig.hpp"

namespace squall::test {
namespace {

class IdleTimeout : public RigTest {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) start_proxy();
    }
};

TEST_F(IdleTimeout, ByFin) {
    connect(4);
    auto injection = inject("proxy-idle-timeout", {{"after", "200ms"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return clients->ends_by_fin() == 4 && server->ends_by_fin() == 4; }));
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(50));
    EXPECT_EQ(witness.connections.size(), 4U) << "each is known by name";
    EXPECT_EQ(proxy->idle_closes().size(), 4U);
    for (const auto& closed : proxy->idle_closes())
        EXPECT_GE(closed.idle, 200'000'000);
}

TEST_F(IdleTimeout, ByReset) {
    connect(3);
    auto injection = inject("proxy-idle-timeout", {{"after", "200ms"}, {"by", "rst"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return clients->ends_by_reset() == 3 && server->ends_by_reset() == 3; }));
}

TEST_F(IdleTimeout, BySilenceNeitherSideLearnsOfIt) {
    connect(3);
    auto injection = inject("proxy-idle-timeout", {{"after", "200ms"}, {"by", "silence"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(
        eventually([&] { return witness_after(**injection, std::chrono::milliseconds(50)).connections.size() == 3; }));
    EXPECT_EQ(proxy->open_connections(), 0U);
    EXPECT_EQ(clients->open(), 3U);
    EXPECT_EQ(established_at_target(), 3U);
    EXPECT_EQ(clients->lost().size(), 3U);

    server->push(100);
    clients->send_all("anyone?");
    // Two flows of each connection; the canary's two have nothing to say.
    const auto silenced = [](const kernel::FlowCount& count) {
        return count.flow.client.address != kernel::Testbed::path_client_address &&
               count.flow.client.address != INADDR_LOOPBACK && count.dropped_to_target + count.dropped_to_client > 0;
    };
    ASSERT_TRUE(eventually([&] {
        const auto counts = filter->counts();
        return counts && std::count_if(counts->begin(), counts->end(), silenced) == 6;
    })) << "packets of both sides fall on the floor";
    EXPECT_EQ(clients->open(), 3U) << "and nobody is answered with a reset";
    EXPECT_EQ(established_at_target(), 3U);

    connect(5);  // new connections are none of the lost ones
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() >= 500; }));

    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 3; })) << "the next packet finds out";
    EXPECT_TRUE(filter->counts()->empty());
    EXPECT_EQ(proxy->failure(), std::nullopt);
}

TEST_F(IdleTimeout, TalkingConnectionsAreLeftAlone) {
    connect(3);
    server->push(10);
    auto injection = inject("proxy-idle-timeout", {{"after", "1h"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(500));
    EXPECT_FALSE(witness.bit) << "closed nothing: the fault has not bitten";
    EXPECT_EQ(clients->open(), 3U);
}

TEST_F(IdleTimeout, WhereNobodyIsSilentTheCanaryProvesTheTimer) {
    for (const char* by : {"fin", "rst", "silence"}) {
        SCOPED_TRACE(by);
        auto injection = inject("proxy-idle-timeout", {{"after", "100ms"}, {"by", by}});
        ASSERT_EQ(failure(injection), "");
        const Witness witness = wait_for_bite(**injection);
        EXPECT_TRUE(witness.connections.empty());
        EXPECT_TRUE(proxy->idle_closes().empty());
        EXPECT_EQ(proxy->open_connections(), 0U);
        EXPECT_TRUE(proxy->pairs().empty());
        EXPECT_EQ(server->open(), 0U) << "the target never hears of it";
        ASSERT_EQ(failure((*injection)->heal()), "");
        EXPECT_TRUE(filter->counts()->empty());
    }
    EXPECT_EQ(proxy->failure(), std::nullopt);
}

TEST_F(IdleTimeout, LiftedItClosesNothingAnyMore) {
    auto injection = inject("proxy-idle-timeout", {{"after", "100ms"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_EQ(failure((*injection)->heal()), "");
    connect(2);
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    EXPECT_EQ(clients->open(), 2U);
    EXPECT_TRUE(proxy->idle_closes().empty());
}

TEST_F(IdleTimeout, LiftedBeforeTheCanaryIsAcceptedTheTargetNeverHearsOfIt) {
    ASSERT_EQ(failure(proxy->set_slow_accept(proxy::SlowAccept{.interval = 300'000'000})), "");
    connect(1);  // what comes next waits in the listener's queue
    auto injection = inject("proxy-idle-timeout", {{"after", "1h"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_EQ(failure((*injection)->heal()), "");
    connect(1);
    EXPECT_EQ(proxy->pairs().size(), 2U);
    EXPECT_EQ(server->open(), 2U);
    EXPECT_EQ(server->ends_by_fin(), 0U);
    EXPECT_EQ(proxy->failure(), std::nullopt);
}

TEST_F(IdleTimeout, WithoutAProxyItIsAnError) {
    rig_.emplace(rig());
    rig_->proxy = nullptr;
    EXPECT_NE(failure(inject("proxy-idle-timeout", {{"after", "1s"}})), "");
}

}  // namespace
}  // namespace squall::test
