#include "reference-server/src/http_request.hpp"

#include <gtest/gtest.h>

namespace squall::reference {
namespace {

using State = RequestParser::State;

TEST(RequestParser, ReadsARequestByteByByte) {
    const std::string wire =
        "POST /publish?topic=a%20b&x=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nLast-Event-ID: 12\r\n\r\nhello";
    RequestParser parser(100);
    std::string pending;
    State state = State::incomplete;
    for (const char c : wire) {
        pending += c;
        std::string_view input = pending;
        state = parser.feed(input);
        pending = std::string(input);
    }
    ASSERT_EQ(state, State::complete);
    const Request request = parser.take();
    EXPECT_EQ(request.method, Method::post);
    EXPECT_EQ(request.path, "/publish");
    EXPECT_EQ(request.parameter("topic"), "a b");
    EXPECT_EQ(request.parameter("x"), "1");
    EXPECT_FALSE(request.parameter("y"));
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(request.last_event_id, "12");
    EXPECT_TRUE(request.keep_alive);
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
    std::string_view input = "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n";
    RequestParser parser(100);
    ASSERT_EQ(parser.feed(input), State::complete);
    EXPECT_EQ(parser.take().path, "/a");
    EXPECT_EQ(input, "GET /b HTTP/1.1\r\n\r\n");
}

TEST(RequestParser, BoundsHeaderAndBody) {
    const std::string long_header = "GET / HTTP/1.1\r\nX: " + std::string(header_bytes_max, 'x') + "\r\n\r\n";
    std::string_view input = long_header;
    EXPECT_EQ(RequestParser(100).feed(input), State::header_too_big);
    input = "POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n";
    EXPECT_EQ(RequestParser(100).feed(input), State::body_too_big);
    input = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n";
    EXPECT_NE(RequestParser(100).feed(input), State::complete);
    input = "what is this\r\n\r\n";
    EXPECT_EQ(RequestParser(100).feed(input), State::malformed);
}

TEST(RequestParser, SaysOnceThatTheClientWaits) {
    std::string_view input = "POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    RequestParser parser(100);
    EXPECT_EQ(parser.feed(input), State::incomplete);
    EXPECT_TRUE(parser.take_expects_continue());
    EXPECT_FALSE(parser.take_expects_continue());
    input = "ok";
    EXPECT_EQ(parser.feed(input), State::complete);
}

TEST(RequestParser, RecognisesAWebSocketHandshake) {
    std::string_view input =
        "GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    RequestParser parser(100);
    ASSERT_EQ(parser.feed(input), State::complete);
    const Request request = parser.take();
    EXPECT_TRUE(request.upgrade_to_websocket);
    EXPECT_EQ(request.websocket_version, "13");
    EXPECT_EQ(request.websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
}

TEST(PercentDecode, RefusesBrokenEscapes) {
    EXPECT_EQ(percent_decode("a+b%2Fc"), "a b/c");
    for (const char* wrong : {"%", "%2", "%zz", "a%2"})
        EXPECT_FALSE(percent_decode(wrong)) << wrong;
}

}  // namespace
}  // namespace squall::reference
