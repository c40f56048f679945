#include "rig.hpp"

namespace squall::test {
namespace {

class RateLimit : public RigTest {
protected:
    /// Bytes per second that arrive, over about a second.
    double arriving() {
        const auto began = std::chrono::steady_clock::now();
        const std::size_t before = clients->bytes_received();
        std::this_thread::sleep_for(std::chrono::seconds(1));
        const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - began;
        return static_cast<double>(clients->bytes_received() - before) / lasted.count();
    }
};

TEST_F(RateLimit, NoMoreThanTheRateGetsThroughAndTheRestWaits) {
    connect(4);
    auto injection = inject("rate-limit", {{"rate", "200KB/s"}, {"queue", "64KiB"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(250)).bit) << "nothing had to wait";
    const auto began = std::chrono::steady_clock::now();
    server->push(10'000);  // 4 connections of 2 MB/s
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 4U);
    witness_after(**injection, std::chrono::milliseconds(1000));
    const auto got = static_cast<double>(clients->bytes_received());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    EXPECT_LE(got, 200'000 * took.count() + 16'384) << "the rate and one burst; a reader that is late only gets less";
    EXPECT_GT(measure(witness_after(**injection, std::chrono::milliseconds(50)), "queue_bytes_max_to_subscriber"),
              10'000);
    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_TRUE(eventually([&] { return arriving() > 400'000; }));
    EXPECT_EQ(clients->open(), 4U);
}

TEST_F(RateLimit, TheRateFollowsItsCurve) {
    connect(4);
    auto injection = inject("rate-limit", {{"rate", "20KB/s, 5MB/s at 500ms"}, {"queue", "64KiB"}});
    ASSERT_EQ(failure(injection), "");
    server->push(10'000);
    witness_after(**injection, std::chrono::milliseconds(450));
    EXPECT_LT(clients->bytes_received(), 300'000U);
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(50));
    EXPECT_TRUE(witness.bit);
    EXPECT_TRUE(eventually([&] { return arriving() > 200'000; })) << "ten times what the first rate allows";
}

TEST_F(RateLimit, EachWayHasItsOwnAndTheOtherCohortHasNone) {
    connect(2, "radio");
    connect(2, "cable");
    auto injection = inject("rate-limit", {{"rate", "20KB/s"}, {"direction", "both"}}, {.cohort = "radio"});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(eventually([&] {  // more than the radio's share could be in 30 s
        clients->send_all(std::string(20'000, 'u'));
        return server->bytes_received() >= 1'000'000;
    })) << "the cable's";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_GT(measure(witness, "at_limit_to_target"), 0);
    EXPECT_EQ(witness.connections.size(), 2U);
}

TEST_F(RateLimit, TwoAtATime) {
    connect(1, "slow");
    connect(1, "slower");
    auto slow = inject("rate-limit", {{"rate", "100KB/s"}}, {.cohort = "slow"});
    ASSERT_EQ(failure(slow), "");
    {
        auto slower = inject("rate-limit", {{"rate", "50KB/s"}}, {.cohort = "slower"});
        ASSERT_EQ(failure(slower), "");
        server->push(10'000);
        wait_for_bite(**slower);
        wait_for_bite(**slow);
    }
    EXPECT_EQ(failure((*slow)->witness()), "") << "the other one took only its own away";
}

TEST_F(RateLimit, BehindAProxy) {
    start_proxy();
    connect(2);
    auto injection = inject("rate-limit", {{"rate", "100KB/s"}, {"direction", "both"}});
    ASSERT_EQ(failure(injection), "");
    server->push(10'000);
    EXPECT_GT(measure(wait_for_bite(**injection), "at_limit_to_subscriber"), 0);
    clients->send_all(std::string(200'000, 'u'));
    Witness witness;
    EXPECT_TRUE(eventually([&] {
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return measure(witness, "at_limit_to_target") > 0;
    })) << witness.evidence;
}

TEST_F(RateLimit, WithoutItsMechanismOrAnybodyItIsAnError) {
    EXPECT_NE(failure(inject("rate-limit", {{"rate", "1MB/s"}})), "") << "nobody is connected";
    connect(1);
    EXPECT_NE(failure(inject("rate-limit", {})), "") << "how much?";
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("rate-limit", {{"rate", "1MB/s"}})), "");
}

TEST_F(RateLimit, TheDestructorHeals) {
    connect(1);
    { ASSERT_EQ(failure(inject("rate-limit", {{"rate", "100B/s"}})), ""); }
    server->push(60'000);
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() > 300'000; }));
}

}  // namespace
}  // namespace squall::test
