#include <gtest/gtest.h>

#include "suites/workload/http.hpp"

namespace squall::workload {
namespace {

/// Fed byte by byte; `behind` gets what the head left over.
HeadReader::State read_head(HeadReader& reader, std::string_view wire, std::string& behind) {
    for (std::size_t at = 0; at < wire.size(); ++at) {
        std::string_view byte = wire.substr(at, 1);
        const HeadReader::State state = reader.feed(byte);
        if (state != HeadReader::State::more) {
            behind = std::string(byte) + std::string(wire.substr(at + 1));
            return state;
        }
    }
    return HeadReader::State::more;
}

struct Body {
    BodyReader::Step end = BodyReader::Step::more;
    std::string data;
};
Body read_body(BodyReader reader, std::string_view wire, std::size_t piece) {
    Body body;
    while (true) {
        std::string_view part = wire.substr(0, piece);
        wire.remove_prefix(part.size());
        std::string_view data;
        do {
            body.end = reader.next(part, data);
            if (body.end == BodyReader::Step::data) body.data += data;
        } while (body.end == BodyReader::Step::data);
        if (body.end != BodyReader::Step::more || wire.empty()) return body;
    }
}

TEST(HttpHead, OfAnEventStream) {
    HeadReader reader;
    std::string behind;
    ASSERT_EQ(read_head(reader,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n5\r\n",
                        behind),
              HeadReader::State::done);
    EXPECT_EQ(behind, "5\r\n");
    EXPECT_EQ(reader.head().status, 200);
    EXPECT_TRUE(reader.head().event_stream);
    EXPECT_EQ(reader.head().framing, Framing::chunked);
    EXPECT_TRUE(reader.head().keep_alive);
}

TEST(HttpHead, SkipsInterimResponses) {
    HeadReader reader;
    std::string_view wire =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 429 Too Many\r\n"
        "content-LENGTH: 12\r\nConnection: close\r\n\r\nrest";
    ASSERT_EQ(reader.feed(wire), HeadReader::State::done);
    EXPECT_EQ(reader.head().status, 429);
    EXPECT_EQ(reader.head().content_length, 12U);
    EXPECT_EQ(reader.head().framing, Framing::length);
    EXPECT_FALSE(reader.head().keep_alive);
    EXPECT_EQ(reader.head().status_line, "HTTP/1.1 429 Too Many");
    EXPECT_EQ(wire, "rest");
}

TEST(HttpHead, OfAWebSocket) {
    HeadReader reader;
    std::string_view wire =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81";
    ASSERT_EQ(reader.feed(wire), HeadReader::State::done);
    EXPECT_TRUE(reader.head().upgrade_to_websocket);
    EXPECT_EQ(reader.head().websocket_accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(wire.size(), 1U);
}

TEST(HttpHead, EndlessIsBounded) {
    HeadReader reader;
    std::string start = "HTTP/1.1 200 OK\r\n";
    std::string_view wire = start;
    EXPECT_EQ(reader.feed(wire), HeadReader::State::more);
    HeadReader::State state = HeadReader::State::more;
    std::size_t fed = 0;
    while (state == HeadReader::State::more && fed < 100'000) {
        std::string_view line = "X-Endless: yes\r\n";
        fed += line.size();
        state = reader.feed(line);
    }
    EXPECT_EQ(state, HeadReader::State::broken);
    EXPECT_LE(fed, HeadReader::head_bytes_max + 16);
}

TEST(HttpHead, Violations) {
    for (const std::string_view text : {
             "HTTP/2 200 OK\r\n\r\n",
             "220 smtp.example.org ready\r\n\r\n",
             "HTTP/1.1 20 OK\r\n\r\n",
             "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
             "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
         }) {
        HeadReader reader;
        std::string_view wire = text;
        EXPECT_EQ(reader.feed(wire), HeadReader::State::broken) << text;
        EXPECT_NE(reader.why(), nullptr);
    }
}

TEST(HttpBody, ChunkedAtAnySplit) {
    const std::string wire = "5\r\nhello\r\n1;name=\"va;lue\"\r\n \r\n00a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nmore";
    for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
        const Body body = read_body(BodyReader(Framing::chunked, 0), wire, piece);
        EXPECT_EQ(body.end, BodyReader::Step::ended) << piece;
        EXPECT_EQ(body.data, "hello 0123456789") << piece;
    }
}

TEST(HttpBody, ByLengthAndByClose) {
    EXPECT_EQ(read_body(BodyReader(Framing::length, 5), "hello world", 3).data, "hello");
    EXPECT_EQ(read_body(BodyReader(Framing::length, 5), "hello world", 3).end, BodyReader::Step::ended);
    EXPECT_EQ(read_body(BodyReader(Framing::length, 50), "hello", 3).end, BodyReader::Step::more);
    EXPECT_EQ(read_body(BodyReader(Framing::until_close, 0), "hello world", 3).data, "hello world");
    EXPECT_EQ(read_body(BodyReader(Framing::until_close, 0), "hello", 5).end, BodyReader::Step::more);
    EXPECT_EQ(read_body(BodyReader(Framing::none, 0), "hello", 5).end, BodyReader::Step::ended);
}

TEST(HttpBody, HostileChunksAreRefused) {
    const auto end_of = [](const std::string& wire) { return read_body(BodyReader(Framing::chunked, 0), wire, 7).end; };
    EXPECT_EQ(end_of("ffffffffffffffff\r\n"), BodyReader::Step::broken);
    EXPECT_EQ(end_of("5\r\nhello!"), BodyReader::Step::broken);
    EXPECT_EQ(end_of("5\nhello"), BodyReader::Step::broken);
    EXPECT_EQ(end_of("g\r\n"), BodyReader::Step::broken);
    EXPECT_EQ(end_of("\r\n"), BodyReader::Step::broken);
    EXPECT_EQ(end_of(std::string(1'000, '0')), BodyReader::Step::broken);
    EXPECT_EQ(end_of("1;" + std::string(100'000, 'x')), BodyReader::Step::broken);
    EXPECT_EQ(end_of("0\r\n" + std::string(100'000, 'x')), BodyReader::Step::broken);
}

TEST(Expand, ReplacesEveryOccurrence) {
    EXPECT_EQ(expand("/a?t={topic}&u={topic}", "{topic}", "{topic}x"), "/a?t={topic}x&u={topic}x");
    EXPECT_EQ(expand("/a", "{topic}", "x"), "/a");
}

}  // namespace
}  // namespace squall::workload
