#include <algorithm>

#include "rig.hpp"

namespace squall::test {
namespace {

class HalfOpen : public RigTest {};

TEST_F(HalfOpen, PeerVanishedWithDataInFlight) {
    connect(10);
    server->push(100);
    auto injection = inject("half-open", {{"state", "peer-vanished"}}, {.cohort = "", .share = 0.4, .seed = 3});
    ASSERT_EQ(failure(injection), "");
    Witness witness;
    ASSERT_TRUE(eventually([&] {
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return witness.bit && measure(witness, "in_flight") == 4;
    })) << witness.evidence;
    EXPECT_EQ(witness.connections.size(), 4U);
    EXPECT_EQ(measure(witness, "established_at_target"), 4);
    EXPECT_EQ(clients->lost().size(), 4U);
    EXPECT_EQ(clients->open(), 10U) << "nobody was told";
    EXPECT_EQ(established_at_target(), 10U);

    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] {
        const auto sockets = target_sockets();
        return std::all_of(sockets.begin(), sockets.end(), [](const auto& s) { return s.retransmits == 0; });
    })) << "retransmissions get through again";
}

TEST_F(HalfOpen, IdleMeansThatNothingIsOutstandingAtTheTarget) {
    connect(4);
    auto injection = inject("half-open", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(300)).bit) << "no packet yet: not proven";
    clients->send_all("ping");  // dropped on its way; the target stays idle
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "idle"), 4);
    EXPECT_EQ(server->bytes_received(), 0U);
}

TEST_F(HalfOpen, AgainstAZeroWindow) {
    connect(3);
    auto slow = inject("slow-reader", {{"mode", "stopped"}, {"receive_buffer", "4KiB"}});
    ASSERT_EQ(failure(slow), "");
    server->push(65536);
    wait_for_bite(**slow);
    ASSERT_TRUE(eventually([&] {  // what is on its way is not yet against a closed window
        const auto sockets = target_sockets();
        return 3 == std::count_if(sockets.begin(), sockets.end(), [](const auto& s) { return s.zero_window; });
    }));
    auto injection = inject("half-open", {});
    ASSERT_EQ(failure(injection), "");
    Witness witness;
    EXPECT_TRUE(eventually([&] {  // window probes are dropped
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return witness.bit && measure(witness, "zero_window") == 3;
    })) << witness.evidence;
}

TEST_F(HalfOpen, ToTargetLostTheTargetsDataStillArrives) {
    connect(2);
    auto injection = inject("half-open", {{"state", "to-target-lost"}});
    ASSERT_EQ(failure(injection), "");
    server->push(100);
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() >= 200; }));
}

TEST_F(HalfOpen, ToClientLostTheSubscribersDataStillArrives) {
    connect(2);
    auto injection = inject("half-open", {{"state", "to-client-lost"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    wait_for_bite(**injection);
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 10; }));
    EXPECT_EQ(clients->bytes_received(), 0U);
}

TEST_F(HalfOpen, PeerRebootedIsMetWithAResetAtTheNextSend) {
    connect(6, "rebooting");
    connect(4, "staying");
    auto injection = inject("half-open", {{"state", "peer-rebooted"}}, {.cohort = "rebooting"});
    ASSERT_EQ(failure(injection), "");
    const Witness quiet = witness_after(**injection, std::chrono::milliseconds(300));
    EXPECT_FALSE(quiet.bit) << "nothing was sent: no reset yet";
    EXPECT_EQ(measure(quiet, "established_at_target"), 6) << "not a packet told the target";
    server->push(100);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "connections_reset"), 6);
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 6; }));
    EXPECT_EQ(clients->open(), 4U);
}

TEST_F(HalfOpen, BehindAProxyTheTargetsLegIsCut) {
    start_proxy();
    connect(5);
    auto injection = inject("half-open", {}, {.cohort = "", .share = 0.6, .seed = 1});
    ASSERT_EQ(failure(injection), "");
    server->push(100);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 3U);
    EXPECT_EQ(established_at_target(), 5U);
    EXPECT_NE(failure(inject("half-open", {{"state", "peer-rebooted"}})), "") << "makes no sense behind a proxy";
}

TEST_F(HalfOpen, WithoutItsMechanismItIsAnError) {
    connect(1);
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("half-open", {})), "");
    rig_.emplace(rig());
    rig_->target_netns = nullptr;
    EXPECT_NE(failure(inject("half-open", {})), "");
}

TEST_F(HalfOpen, NobodyToAimAtIsAnError) {
    EXPECT_NE(failure(inject("half-open", {}, {.cohort = "nobody"})), "");
}

TEST_F(HalfOpen, TheDestructorHeals) {
    connect(1);
    { ASSERT_EQ(failure(inject("half-open", {})), ""); }
    clients->send_all("x");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 1; }));
}

}  // namespace
}  // namespace squall::test
