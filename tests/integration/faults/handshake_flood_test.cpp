#include "rig.hpp"

namespace squall::test {
namespace {

class HandshakeFlood : public RigTest {
protected:
    static double measure(const Witness& witness, const std::string& name) {
        for (const auto& measure : witness.measures) {
            if (measure.name == name) return measure.value;
        }
        return 0;
    }
    Witness wait_for(Injection& injection, const std::string& name, double count) {
        Witness witness;
        EXPECT_TRUE(eventually([&] {
            witness = witness_after(injection, std::chrono::milliseconds(50));
            return measure(witness, name) >= count;
        })) << witness.evidence;
        return witness;
    }
};

TEST_F(HandshakeFlood, IsLetInAndHangsUp) {
    server->echo(true);  // what the clients ask with is what they are to be answered
    connect(2, "websocket", true);
    auto injection = inject("handshake-flood", {{"rate", "100/s"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE((*injection)->witness()->bit) << "nobody has come yet";
    const Witness witness = wait_for(**injection, "accepted", 20);
    EXPECT_TRUE(witness.bit);
    EXPECT_TRUE(eventually([&] {
        witness_after(**injection, std::chrono::milliseconds(50));
        return server->ends_by_fin() >= 20;
    }));
    EXPECT_GE(clients->extra("handshake-flood").size(), 20U);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return server->open() == 2; }));
    EXPECT_EQ(clients->open(), 2U);
}

TEST_F(HandshakeFlood, StaysUpToItsBound) {
    server->echo(true);
    connect(1, "websocket", true);
    {
        auto injection = inject("handshake-flood", {{"rate", "500/s"}, {"then", "stay"}, {"connections_max", "7"}});
        ASSERT_EQ(failure(injection), "");
        wait_for(**injection, "accepted", 7);
        const Witness witness = witness_after(**injection, std::chrono::milliseconds(200));
        EXPECT_EQ(measure(witness, "attempts"), 7);
        EXPECT_EQ(server->open(), 8U);
    }
    EXPECT_TRUE(eventually([&] { return server->open() == 1; })) << "the destructor heals";
}

TEST_F(HandshakeFlood, ThroughAProxy) {
    start_proxy();
    server->echo(true);
    connect(1, "websocket", true);
    auto injection = inject("handshake-flood", {{"rate", "50/s"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(wait_for(**injection, "accepted", 3).bit);
}

TEST_F(HandshakeFlood, WhatIsNoHttpIsSaidToBeNone) {
    server->push(64);
    connect(1, "websocket", true);
    auto injection = inject("handshake-flood", {{"rate", "50/s"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(wait_for(**injection, "protocol_error", 2).bit);
}

TEST_F(HandshakeFlood, ATargetThatDoesNotAnswerHasBeenReached) {
    connect(1, "websocket", true);
    auto injection = inject("handshake-flood", {{"rate", "50/s"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_GE(measure(witness, "reached"), 1);
    EXPECT_EQ(measure(witness, "accepted"), 0);
}

TEST_F(HandshakeFlood, WhoIsRefusedHasNotReachedTheTarget) {
    connect(1, "websocket", true);
    server.reset();
    auto injection = inject("handshake-flood", {{"rate", "100/s"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(wait_for(**injection, "refused", 3).bit);
}

}  // namespace
}  // namespace squall::test
