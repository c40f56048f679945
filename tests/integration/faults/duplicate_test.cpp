#include "rig.hpp"

namespace squall::test {
namespace {

class Duplicate : public RigTest {
protected:
    /// Segments that a receiver in `where` had already and said so.
    static std::uint64_t came_again(const kernel::Namespace& where) { return tcp_counter(where, "TCPDSACKOldSent"); }
};

TEST_F(Duplicate, PacketsArriveTwiceAndBytesOnce) {
    connect(2);
    server->echo(true);
    auto injection = inject("duplicate", {{"duplicates", "100%"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit) << "no packet yet: not proven";
    const auto target_before = came_again(testbed->target), clients_before = came_again(testbed->clients);
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return clients->bytes_received() == 10; }));
    EXPECT_TRUE(eventually(
        [&] { return came_again(testbed->target) > target_before && came_again(testbed->clients) > clients_before; }));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 2U);
    EXPECT_GE(measure(witness, "packets_twice_to_target"), 2);
    EXPECT_GE(measure(witness, "packets_twice_to_subscriber"), 2);
    EXPECT_EQ(server->bytes_received(), 10U);

    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    const auto target_after = came_again(testbed->target), clients_after = came_again(testbed->clients);
    clients->send_all("hello");
    ASSERT_TRUE(eventually([&] { return clients->bytes_received() == 20; }));
    EXPECT_EQ(came_again(testbed->target), target_after);
    EXPECT_EQ(came_again(testbed->clients), clients_after);
}

TEST_F(Duplicate, AShareOneCohortOneWay) {
    connect(10, "radio");
    connect(10, "cable");
    server->echo(true);
    auto injection = inject("duplicate", {{"duplicates", "20%"}, {"direction", "to-subscriber"}}, {.cohort = "radio"});
    ASSERT_EQ(failure(injection), "");
    Witness witness;
    ASSERT_TRUE(eventually([&] {
        clients->send_all("ping");
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return measure(witness, "packets_to_subscriber") > 500;
    }));
    EXPECT_EQ(witness.connections.size(), 10U);
    EXPECT_NEAR(measure(witness, "packets_twice_to_subscriber") / measure(witness, "packets_to_subscriber"), 0.2, 0.08)
        << "four and a half standard deviations";
}

TEST_F(Duplicate, BehindAProxyOnBothLegs) {
    start_proxy();
    connect(2);
    server->echo(true);
    auto injection = inject("duplicate", {{"duplicates", "100%"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("hello");
    Witness witness;
    EXPECT_TRUE(eventually([&] {
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return measure(witness, "packets_twice_to_target") > 0 && measure(witness, "packets_twice_to_subscriber") > 0;
    })) << witness.evidence;
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() == 10; }));
}

TEST_F(Duplicate, TwoAtATimeEachCountItsOwn) {
    connect(1, "one");
    connect(1, "other");
    server->echo(true);
    auto one = inject("duplicate", {{"duplicates", "100%"}}, {.cohort = "one"});
    ASSERT_EQ(failure(one), "");
    {
        auto other = inject("duplicate", {{"duplicates", "100%"}}, {.cohort = "other"});
        ASSERT_EQ(failure(other), "");
        clients->send_all("hello");
        wait_for_bite(**other);
        wait_for_bite(**one);
    }
    EXPECT_EQ(failure((*one)->witness()), "") << "the other one took only its own away";
}

TEST_F(Duplicate, WithoutItsMechanismOrAnybodyItIsAnError) {
    EXPECT_NE(failure(inject("duplicate", {{"duplicates", "1%"}})), "") << "nobody is connected";
    connect(1);
    EXPECT_NE(failure(inject("duplicate", {})), "") << "how many?";
    rig_.emplace(rig());
    rig_->path_filter = nullptr;
    EXPECT_NE(failure(inject("duplicate", {{"duplicates", "1%"}})), "");
}

}  // namespace
}  // namespace squall::test
