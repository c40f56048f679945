// The faults that close connections in the proxy: who is closed, how it looks at both ends, and that it stops.
#include "rig.hpp"

namespace squall::test {
namespace {

class Closing : public RigTest {
protected:
    void SetUp() override {
        RigTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) start_proxy();
    }

    /// Advances the injection until so many connections have ended at both ends.
    bool ends(Injection& injection, std::size_t fins, std::size_t resets) {
        return eventually([&] {
            EXPECT_EQ(failure(injection.advance(0)), "");
            return clients->ends_by_fin() == fins && clients->ends_by_reset() == resets &&
                   server->ends_by_fin() + server->ends_by_reset() == fins + resets;
        });
    }
};

TEST_F(Closing, MaxAgeClosesWhoIsOldHoweverBusy) {
    connect(3);
    server->push(100);
    auto injection = inject("proxy-max-age", {{"age", "300ms"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(ends(**injection, 3, 0));
    connect(2);
    ASSERT_TRUE(ends(**injection, 5, 0)) << "those that come later, too";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 5U);
    EXPECT_EQ(witness.measures.at(0).value, 5);
    EXPECT_GE(witness.measures.at(1).value, 0.3) << "age_seconds_min";

    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    connect(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    EXPECT_EQ(failure((*injection)->advance(0)), "");
    EXPECT_EQ(clients->open(), 1U);
}

TEST_F(Closing, MaxAgeThatNobodyReachesIsNoFault) {
    connect(2);
    auto injection = inject("proxy-max-age", {{"age", "1h"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(150)).bit);
}

TEST_F(Closing, ReloadClosesThoseThatWereOpenAndNoOthers) {
    connect(4);
    auto injection = inject("proxy-reload", {{"by", "rst"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(ends(**injection, 0, 4));
    connect(2);
    EXPECT_EQ(witness_after(**injection, std::chrono::milliseconds(150)).connections.size(), 4U);
    EXPECT_EQ(clients->open(), 2U);
}

TEST_F(Closing, ReloadMayDrainAndKeepToACohort) {
    connect(6, "old");
    connect(2, "other");
    auto injection = inject("proxy-reload", {{"drain", "500ms"}}, {.cohort = "old"});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(failure((*injection)->advance(0)), "");
    EXPECT_GT(clients->open(), 2U) << "not all at once";
    ASSERT_TRUE(ends(**injection, 6, 0));
    EXPECT_EQ(clients->open(), 2U);
}

TEST_F(Closing, ResetStrikesAgainAndAgain) {
    connect(2, "other");
    connect(3, "all");
    server->push(100);
    auto injection = inject("proxy-reset", {{"within", "100ms"}}, {.cohort = "all"});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(ends(**injection, 0, 3));
    connect(2, "all");
    ASSERT_TRUE(ends(**injection, 0, 5)) << "who comes back, too";
    EXPECT_EQ(clients->open(), 2U) << "the others";
    EXPECT_EQ(wait_for_bite(**injection).connections.size(), 5U);
    EXPECT_EQ(failure((*injection)->heal()), "");
    connect(1, "all");
    EXPECT_EQ(failure((*injection)->advance(0)), "");
    EXPECT_EQ(clients->open(), 3U);
}

TEST_F(Closing, HalfCloseTowardsTheTargetLeavesTheOtherDirection) {
    server->stay_after_fin();
    connect(2, "half");
    connect(1, "whole");
    auto injection = inject("proxy-half-close", {}, {.cohort = "half"});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(eventually([&] { return server->ends_by_fin() == 2; }));
    clients->send_all("abc");
    server->send_all("event");
    ASSERT_TRUE(eventually([&] {
        const auto witness = (*injection)->witness();
        return clients->bytes_received() == 15 && measure(*witness, "bytes_dropped") == 6;
    }));
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 3; })) << "of the one that is whole";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(witness.connections.size(), 2U);
    EXPECT_EQ(measure(witness, "half_closed"), 2);
    EXPECT_EQ(measure(witness, "half_open"), 2);
    EXPECT_EQ(measure(witness, "passing"), 2);
    EXPECT_EQ(measure(witness, "bytes_passed"), 10);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    ASSERT_TRUE(clients->hang_up({{0, 1}}, Hangup::reset));
    server->push(1);  // behind a FIN, only a send meets a reset
    EXPECT_TRUE(eventually([&] { return server->ends_by_reset() == 1; })) << "a reset is passed on all the same";
    connect(1);
    clients->send_all("d");
    EXPECT_TRUE(eventually([&] { return server->bytes_received() == 5; })) << "who comes later is whole";
}

TEST_F(Closing, HalfCloseTowardsTheSubscriberEndsWithIt) {
    connect(3);
    server->push(100);
    auto injection = inject("proxy-half-close", {{"direction", "to-subscriber"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(ends(**injection, 3, 0)) << "it sees an end, and closes";
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "half_closed"), 3);
    EXPECT_EQ(measure(witness, "half_open"), 0);
}

TEST_F(Closing, AShareOfNobodyIsAnError) {
    connect(1, "there");
    for (const char* fault : {"proxy-reload", "proxy-half-close", "proxy-slicer"}) {
        std::map<std::string, std::string, std::less<>> options;
        if (fault == std::string("proxy-slicer")) options["size"] = "1B";
        const auto injection = inject(fault, options, {.cohort = "absent", .share = 0.5});
        EXPECT_NE(failure(injection).find(std::string(fault) + ": no connection of cohort 'absent' is open"),
                  std::string::npos)
            << failure(injection);
    }
}

TEST_F(Closing, CutIsToTheByte) {
    server->echo(true);
    connect(2);
    clients->send_all("before");
    ASSERT_TRUE(eventually([&] { return clients->bytes_received() == 12; }));
    auto injection = inject("proxy-cut", {{"bytes", "5B"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(100)).bit) << "nothing has passed";
    clients->send_all("abc");
    ASSERT_TRUE(eventually([&] { return clients->bytes_received() == 18; }));
    EXPECT_EQ(failure((*injection)->advance(0)), "");
    EXPECT_EQ(clients->open(), 2U);
    clients->send_all("def");
    ASSERT_TRUE(ends(**injection, 2, 0));
    EXPECT_EQ(clients->bytes_received(), 22U) << "5 each";
    EXPECT_TRUE(wait_for_bite(**injection).bit);
}

TEST_F(Closing, ACutThatIsHealedLetsTheRestPass) {
    server->echo(true);
    connect(1);
    auto injection = inject("proxy-cut", {{"bytes", "2B"}});
    ASSERT_EQ(failure(injection), "");
    clients->send_all("abc");  // never advanced: it is not closed
    ASSERT_TRUE(eventually([&] { return clients->bytes_received() == 2; }));
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return clients->bytes_received() == 3; }));
    EXPECT_EQ(clients->open(), 1U);
}

}  // namespace
}  // namespace squall::test
