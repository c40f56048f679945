#include "rig.hpp"

namespace squall::test {
namespace {

class MalformedFrames : public RigTest {
protected:
    /// What one such frame is on the wire.
    std::size_t bytes_of(const std::map<std::string, std::string, std::less<>>& options) {
        const std::size_t before = server->bytes_received();
        auto injection = inject("malformed-frames", options, {.cohort = "websocket", .share = 0.5, .seed = 1});
        EXPECT_EQ(failure(injection), "");
        if (!injection) return 0;
        EXPECT_TRUE((*injection)->witness()->bit);
        EXPECT_EQ(failure((*injection)->heal()), "");
        std::size_t settled = before;
        EXPECT_TRUE(eventually([&] {
            const std::size_t last = std::exchange(settled, server->bytes_received());
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            return settled > before && settled == last;
        }));
        return settled - before;
    }
};

TEST_F(MalformedFrames, EveryKindIsWritten) {
    connect(2, "websocket", true);
    EXPECT_EQ(bytes_of({{"kind", "unmasked"}}), 2U + 5);
    for (const char* kind : {"reserved-bits", "reserved-opcode", "fragmented-control"})
        EXPECT_EQ(bytes_of({{"kind", kind}}), 2U + 4 + 5) << kind;
    EXPECT_EQ(bytes_of({{"kind", "bad-utf8"}}), 2U + 4 + 4);
    EXPECT_EQ(bytes_of({{"kind", "oversized"}, {"size", "1GiB"}}), 2U + 8 + 4 + 16 * 1024);
}

TEST_F(MalformedFrames, TheWitnessSaysWhoWasEnded) {
    connect(3, "websocket", true);
    connect(2, "sse");
    auto injection = inject("malformed-frames", {{"kind", "unmasked"}});
    ASSERT_EQ(failure(injection), "");
    Witness witness = witness_after(**injection, std::chrono::milliseconds(50));
    EXPECT_TRUE(witness.bit);
    EXPECT_EQ(witness.connections.size(), 3U);
    EXPECT_EQ(witness.evidence, "3 unmasked frames sent, 0 connections ended afterwards; 2 SSE connections left out");
    ASSERT_TRUE(clients->hang_up({witness.connections[0]}, Hangup::close));
    server.reset();
    EXPECT_TRUE(eventually([&] {
        witness = witness_after(**injection, std::chrono::milliseconds(50));
        return witness.measures.at(1).value == 2;
    })) << witness.evidence;
}

TEST_F(MalformedFrames, WithoutWebSocketsItIsAnError) {
    connect(2, "sse");
    EXPECT_NE(failure(inject("malformed-frames", {{"kind", "unmasked"}})), "");
}

}  // namespace
}  // namespace squall::test
