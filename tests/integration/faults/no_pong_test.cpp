#include "rig.hpp"

namespace squall::test {
namespace {

class NoPong : public RigTest {
protected:
    void expect_answers(std::size_t count) {
        const std::size_t before = server->bytes_received();
        server->send_all(RawClients::ping);
        EXPECT_TRUE(eventually([&] { return server->bytes_received() == before + count * RawClients::pong.size(); }));
    }
    Witness wait_for_pings(Injection& injection, std::size_t subscribers) {
        Witness witness;
        EXPECT_TRUE(eventually([&] {
            witness = wait_for_bite(injection);
            return witness.measures.at(1).value == static_cast<double>(subscribers);
        }));
        return witness;
    }
};

TEST_F(NoPong, PingsStayUnanswered) {
    connect(4, "websocket", true);
    connect(2, "sse");
    expect_answers(4);
    auto injection = inject("no-pong", {}, {.cohort = "", .share = 0.5, .seed = 3});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(100)).bit) << "nobody has been pinged";
    expect_answers(2);
    const Witness witness = wait_for_pings(**injection, 2);
    EXPECT_EQ(witness.connections.size(), 2U);
    EXPECT_NE(witness.evidence.find("2 pings came to 2 of 2 subscribers"), std::string::npos) << witness.evidence;
    EXPECT_NE(witness.evidence.find("2 SSE connections left out"), std::string::npos) << witness.evidence;
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    expect_answers(4);
    EXPECT_EQ(clients->open(), 6U);
}

TEST_F(NoPong, TheDestructorHeals) {
    connect(2, "websocket", true);
    {
        auto injection = inject("no-pong", {});
        ASSERT_EQ(failure(injection), "");
        server->send_all(RawClients::ping);
        wait_for_pings(**injection, 2);
    }
    expect_answers(2);
}

TEST_F(NoPong, WithoutWebSocketsItIsAnError) {
    connect(2, "sse");
    EXPECT_NE(failure(inject("no-pong", {})), "");
}

}  // namespace
}  // namespace squall::test
