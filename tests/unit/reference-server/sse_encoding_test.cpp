#include "reference-server/src/sse_encoding.hpp"

#include <gtest/gtest.h>

#include "reference-server/src/message.hpp"

namespace squall::reference {
namespace {

TEST(SseEncoding, OneEventIsOneChunk) {
    EXPECT_EQ(sse::event(7, "hello"), "13\r\nid: 7\ndata: hello\n\n\r\n");
    EXPECT_EQ(sse::event(7, ""), "e\r\nid: 7\ndata: \n\n\r\n");
}

TEST(SseEncoding, EveryKindOfLineEndSplitsThePayload) {
    EXPECT_NE(sse::event(1, "a\nb\r\nc\rd\n").find("\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
              std::string::npos);
}

TEST(SseEncoding, TheSizeIsKnownBeforehand) {
    for (const std::string& payload : {std::string(), std::string("x"), std::string(4000, 'x'), std::string(300, '\n'),
                                       std::string("a\r\nb"), std::string(65'536, 'y')}) {
        for (const std::uint64_t id : {1ULL, 9ULL, 10ULL, 99'999ULL, 18'446'744'073'709'551'615ULL})
            EXPECT_EQ(sse::event(id, payload).size(), sse::event_bytes(id, payload));
    }
}

TEST(SseEncoding, NoticesAreChunks) {
    EXPECT_EQ(sse::retry(std::chrono::milliseconds(2000)), "d\r\nretry: 2000\n\n\r\n");
    EXPECT_EQ(sse::heartbeat(), "d\r\n: heartbeat\n\n\r\n");
    EXPECT_EQ(sse::goodbye(Reason::slow_consumer),
              "31\r\nevent: goodbye\ndata: {\"reason\":\"slow_consumer\"}\n\n\r\n");
    EXPECT_EQ(sse::gap(3, 9), "24\r\nevent: gap\ndata: {\"from\":3,\"to\":9}\n\n\r\n");
}

TEST(Message, EncodesForBothProtocols) {
    const Message message(5, Clock::now(), "pay");
    EXPECT_EQ(message.encoded(Protocol::websocket), "\x81\x03pay");
    EXPECT_EQ(message.encoded(Protocol::sse), sse::event(5, "pay"));
    EXPECT_EQ(message.encoded(Protocol::sse).data(), message.encoded(Protocol::sse).data());
    EXPECT_EQ(message.encoded_bytes(Protocol::sse), message.encoded(Protocol::sse).size());
    EXPECT_EQ(message.payload(), "pay");
}

}  // namespace
}  // namespace squall::reference
