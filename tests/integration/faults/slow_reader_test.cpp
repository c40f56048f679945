#include "rig.hpp"

namespace squall::test {
namespace {

class SlowReader : public RigTest {};

TEST_F(SlowReader, StoppedForGoodThenHealed) {
    connect(5, "slow");
    connect(5, "healthy");
    server->push(65536);
    auto injection = inject("slow-reader", {{"mode", "stopped"}, {"receive_buffer", "4KiB"}}, {.cohort = "slow"});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 5U);
    ASSERT_EQ(failure((*injection)->heal()), "");
    server->push(0);
    EXPECT_TRUE(eventually([&] {
        for (const auto& c : clients->connections("slow")) {
            if (clients->unread({c.id}).at(0).second > 0) return false;
        }
        return true;
    })) << "read to the end again";
}

TEST_F(SlowReader, Limited) {
    connect(3);
    server->push(65536);
    auto injection = inject("slow-reader", {{"mode", "limited"}, {"rate", "1KiB/s"}, {"receive_buffer", "4KiB"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
}

TEST_F(SlowReader, StopAndGo) {
    connect(3);
    server->push(65536);
    auto injection =
        inject("slow-reader", {{"mode", "stop-and-go"}, {"go", "20ms"}, {"stop", "2s"}, {"receive_buffer", "4KiB"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
}

TEST_F(SlowReader, ThroughAProxy) {
    start_proxy();
    connect(2);
    server->push(65536);
    auto injection = inject("slow-reader", {{"receive_buffer", "4KiB"}});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
}

TEST_F(SlowReader, WithNothingToReadItHasNotBitten) {
    connect(2);
    auto injection = inject("slow-reader", {});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(300));
    EXPECT_FALSE(witness.bit);
    EXPECT_FALSE(witness.evidence.empty());
}

TEST_F(SlowReader, MissingCompanionsAreErrors) {
    connect(1);
    EXPECT_NE(failure(inject("slow-reader", {{"mode", "limited"}})), "");
    EXPECT_NE(failure(inject("slow-reader", {{"mode", "stop-and-go"}, {"go", "1s"}})), "");
    EXPECT_NE(failure(inject("slow-reader", {}, {.cohort = "nobody"})), "");
}

TEST_F(SlowReader, OfATargetThatRunsElsewhereTheUnreadBytesTell) {
    connect(2);
    rig_.emplace(rig());
    rig_->target_netns = nullptr;
    auto injection = inject("slow-reader", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(150)).bit) << "nothing was sent";
    server->push(100);
    EXPECT_EQ(measure(wait_for_bite(**injection), "readers_with_send_queue"), 0);
}

}  // namespace
}  // namespace squall::test
