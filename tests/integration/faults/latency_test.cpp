// latency, by both its mechanisms, and reorder. The suite Netem needs a kernel that has it: the lab's (ci/kernel-lab).
#include "faults/core/capability.hpp"
#include "rig.hpp"

namespace squall::test {
namespace {

using Clock = std::chrono::steady_clock;

class Latency : public RigTest {
protected:
    bool received(std::size_t bytes) {
        return eventually([&] { return clients->bytes_received() >= bytes; });
    }
};

TEST_F(Latency, WithoutNetemTheProxyKeepsTheBytes) {
    start_proxy();
    server->echo(true);
    connect(3);
    auto injection = inject_fallback("latency", {{"delay", "50ms"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
    const auto began = Clock::now();
    clients->send_all("hello");
    ASSERT_TRUE(received(15));
    EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(100)) << "there and back";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_NE(witness.evidence.find("the proxy kept"), std::string::npos) << witness.evidence;
    EXPECT_EQ(witness.connections.size(), 3U);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(Latency, WithoutNetemAndWithoutAProxyItIsAnError) {
    connect(1);
    const std::string said = failure(inject_fallback("latency", {{"delay", "50ms"}}));
    EXPECT_NE(said.find("proxy: true"), std::string::npos) << said;
    EXPECT_NE(failure(inject("latency", {})), "") << "how long?";
}

class Netem : public Latency {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        ASSERT_TRUE(probe("netem").available) << probe("netem").enable;
    }
};

TEST_F(Netem, LatencyKeepsPacketsAndHealingLetsThemPass) {
    server->echo(true);
    connect(3);
    auto injection = inject("latency", {{"delay", "50ms"}, {"jitter", "20ms"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit) << "no packet yet: not proven";
    const auto began = Clock::now();
    clients->send_all("hello");
    ASSERT_TRUE(received(15));
    EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(100)) << "there and back";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_NE(witness.evidence.find("netem"), std::string::npos) << witness.evidence;
    EXPECT_GE(measure(witness, "packets_kept_to_target"), 3);
    EXPECT_GE(measure(witness, "packets_kept_to_subscriber"), 3);
    EXPECT_EQ(witness.connections.size(), 3U);
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";

    auto endless = inject("latency", {{"delay", "60s"}});
    ASSERT_EQ(failure(endless), "");
    clients->send_all("hello");
    ASSERT_TRUE(wait_for_bite(**endless).bit) << "though nothing has left yet";
    EXPECT_EQ(server->bytes_received(), 15U);
    ASSERT_EQ(failure((*endless)->heal()), "");
    EXPECT_TRUE(received(30)) << "TCP sends again what was on its way";
}

TEST_F(Netem, LatencyIsOneCohortsAndOneWays) {
    server->echo(true);
    connect(2, "far");
    connect(2, "near");
    auto injection = inject("latency", {{"delay", "60s"}, {"direction", "to-target"}}, {.cohort = "far"});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    ASSERT_TRUE(received(10)) << "the other two's";
    EXPECT_EQ(wait_for_bite(**injection).connections.size(), 2U);
    EXPECT_EQ(clients->bytes_received(), 10U);
    injection->reset();
    EXPECT_TRUE(received(20)) << "the destructor heals";
}

TEST_F(Netem, LatencyBehindAProxyIsOnBothLegs) {
    start_proxy();
    server->echo(true);
    connect(2);
    auto injection = inject("latency", {{"delay", "40ms"}});
    ASSERT_EQ(failure(injection), "");
    const auto began = Clock::now();
    clients->send_all("hello");
    ASSERT_TRUE(received(10));
    EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(80));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_GT(measure(witness, "packets_kept_to_target"), 0);
    EXPECT_GT(measure(witness, "packets_kept_to_subscriber"), 0);
}

TEST_F(Netem, ReorderLetsPacketsOvertake) {
    connect(2);
    auto injection = inject("reorder", {{"late", "10%"}, {"delay", "20ms"}, {"direction", "to-subscriber"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
    const auto before = tcp_counter(testbed->clients, "TCPOFOQueue");
    server->push(10'000);
    EXPECT_TRUE(eventually([&] { return tcp_counter(testbed->clients, "TCPOFOQueue") > before + 10; }));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_GT(measure(witness, "packets_kept_to_subscriber"), 0);
    EXPECT_GT(measure(witness, "packets_passed_to_subscriber"), measure(witness, "packets_kept_to_subscriber"));
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] {  // what was kept at last may be missing yet
        const auto seen = tcp_counter(testbed->clients, "TCPOFOQueue");
        const auto bytes = clients->bytes_received();
        return eventually([&] { return clients->bytes_received() > bytes + 500'000; }) &&
               tcp_counter(testbed->clients, "TCPOFOQueue") == seen;
    }));
}

TEST_F(Netem, BesideABottleneckForOthers) {
    connect(1, "far");
    connect(1, "slow");
    auto slow = inject("rate-limit", {{"rate", "100KB/s"}}, {.cohort = "slow"});
    ASSERT_EQ(failure(slow), "");
    {
        auto far = inject("latency", {{"delay", "20ms"}, {"direction", "to-subscriber"}}, {.cohort = "far"});
        ASSERT_EQ(failure(far), "");
        server->push(10'000);
        wait_for_bite(**far);
        wait_for_bite(**slow);
    }
    EXPECT_EQ(failure((*slow)->witness()), "") << "the other one took only its own away";
}

}  // namespace
}  // namespace squall::test
