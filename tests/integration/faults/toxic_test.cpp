// The faults that treat bytes on their way through the proxy: the effect on real connections, and its end.
#include <algorithm>
#include <array>

#include "rig.hpp"

namespace squall::test {
namespace {

class Toxic : public RigTest {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) start_proxy();
    }

    static double measure(const Witness& witness, const char* name) {
        const auto found = std::find_if(witness.measures.begin(), witness.measures.end(),
                                        [&](const auto& measure) { return measure.name == name; });
        return found == witness.measures.end() ? -1 : found->value;
    }

    /// The server answers what is sent to it; until `bytes` have come back.
    bool round_trip(std::size_t bytes) {
        return eventually([&] { return clients->bytes_received() >= bytes; });
    }
};

TEST_F(Toxic, LatencyDelaysAndHealingLetsGo) {
    server->echo(true);
    connect(3);
    auto injection = inject("proxy-latency", {{"delay", "50ms"}, {"direction", "both"}});
    ASSERT_EQ(failure(injection), "");
    const auto began = std::chrono::steady_clock::now();
    clients->send_all("hello");
    ASSERT_TRUE(round_trip(15));
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(100)) << "there and back";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_GE(measure(witness, "kept_seconds_min"), 0.05);
    EXPECT_EQ(measure(witness, "bytes_kept"), 30);
    EXPECT_EQ(witness.connections.size(), 3U);

    auto longer = inject("proxy-latency", {{"delay", "60s"}});
    ASSERT_EQ(failure(longer), "");
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 30; }));
    EXPECT_EQ(failure((*longer)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "twice";
    EXPECT_TRUE(round_trip(30)) << "what was held back has come";
}

TEST_F(Toxic, LatencyAndBandwidthFollowTheirCurves) {
    server->echo(true);
    connect(1);
    const std::vector<std::array<const char*, 3>> cases{{"proxy-latency", "delay", "60s, 1ms at 200ms"},
                                                        {"proxy-bandwidth", "rate", "1B/s, 1MB/s at 200ms"}};
    for (const auto& [fault, option, curve] : cases) {
        SCOPED_TRACE(fault);
        const std::size_t before = clients->bytes_received();
        auto injection = inject(fault, {{option, curve}});
        ASSERT_EQ(failure(injection), "");
        clients->send_all("hello, hello");
        witness_after(**injection, std::chrono::milliseconds(150));
        EXPECT_LE(clients->bytes_received(), before + 1);
        EXPECT_TRUE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
        ASSERT_TRUE(eventually([&] { return clients->bytes_received() == before + 12; })) << "while it is in force";
    }
}

TEST_F(Toxic, OnlyTheCohortIsTreated) {
    server->echo(true);
    connect(2, "far");
    connect(2, "near");
    auto injection = inject("proxy-latency", {{"delay", "60s"}}, {.cohort = "far"});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    ASSERT_TRUE(round_trip(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(clients->bytes_received(), 10U) << "the other two wait";
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(50));
    EXPECT_TRUE(witness.bit) << "though nothing has left yet";
    EXPECT_EQ(witness.connections.size(), 2U);
    injection->reset();
    EXPECT_TRUE(round_trip(20)) << "the destructor heals";
}

TEST_F(Toxic, WithoutBytesNoneIsDelayed) {
    connect(2);
    auto injection = inject("proxy-latency", {{"delay", "1ms"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(100)).bit);
}

TEST_F(Toxic, BandwidthHoldsTheTargetBack) {
    connect(1);
    auto injection = inject("proxy-bandwidth", {{"rate", "100KB/s"}});
    ASSERT_EQ(failure(injection), "");
    const auto began = std::chrono::steady_clock::now();
    server->push(65536);
    EXPECT_TRUE(eventually([&] {
        const auto sockets = target_sockets();
        return std::any_of(sockets.begin(), sockets.end(), [](const auto& s) { return s.send_queue > 65536; });
    })) << "the proxy holds some, and then reads no more";
    ASSERT_TRUE(round_trip(50'000));
    const std::size_t got = clients->bytes_received();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    EXPECT_LE(static_cast<double>(got), 100'000 * took.count() + 10'000) << "a reader that is late only gets less";
    EXPECT_TRUE(wait_for_bite(**injection).bit);
}

TEST_F(Toxic, ABandwidthThatIsNotUsedUpIsNoFault) {
    server->echo(true);
    connect(1);
    auto injection = inject("proxy-bandwidth", {{"rate", "100MB/s"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    ASSERT_TRUE(round_trip(5));
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
}

TEST_F(Toxic, SlicerWritesTinyPieces) {
    server->echo(true);
    connect(1);
    auto injection = inject("proxy-slicer", {{"size", "2B"}, {"delay", "1ms"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("0123456789");
    ASSERT_TRUE(round_trip(10));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "pieces"), 5);
    EXPECT_EQ(measure(witness, "bytes"), 10);
}

TEST_F(Toxic, BufferingHoldsEventsBack) {
    server->echo(true);
    connect(1);
    auto injection = inject("proxy-buffering", {{"bytes", "10B"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("01234");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 5; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(clients->bytes_received(), 0U) << "five of ten";
    clients->send_all("56789");
    ASSERT_TRUE(round_trip(10));
    EXPECT_GE(measure(wait_for_bite(**injection), "kept_seconds_max"), 0.1);
    clients->send_all("x");
    ASSERT_TRUE(eventually([&] { return server->bytes_received() == 11; }));
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(round_trip(11));
}

TEST_F(Toxic, BufferingIsFlushed) {
    server->echo(true);
    connect(1);
    auto injection = inject("proxy-buffering", {{"bytes", "4KiB"}, {"flush", "50ms"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("01234");
    ASSERT_TRUE(round_trip(5));
    EXPECT_GE(measure(wait_for_bite(**injection), "kept_seconds_min"), 0.05);
}

TEST_F(Toxic, AnEndIsPassedOnBehindWhatIsHeld) {
    server->echo(true);
    connect(2);
    auto injection = inject("proxy-buffering", {{"bytes", "4KiB"}, {"direction", "to-target"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("bye");
    ASSERT_TRUE(clients->hang_up({{0, 1}}, Hangup::close));
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 3 && server->ends_by_fin() == 1; }));
    ASSERT_TRUE(clients->hang_up({{1, 1}}, Hangup::reset));
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 1; })) << "a reset does not wait";
}

TEST_F(Toxic, NeedsAProxy) {
    proxy.reset();
    auto injection = inject("proxy-latency", {{"delay", "1ms"}});
    EXPECT_NE(failure(injection).find("write 'proxy: true' in the scenario"), std::string::npos) << failure(injection);
}

}  // namespace
}  // namespace squall::test
