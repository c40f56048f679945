#include <gtest/gtest.h>

#include "recording_sink.hpp"
#include "suites/workload/websocket_stream.hpp"

namespace squall::workload {
namespace {

using test::marker_text;
using test::parse_every_way;
using test::RecordingSink;
using test::run;

/// A frame as servers send it: not masked.
std::string frame(unsigned first_byte, std::string_view payload) {
    std::string out(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else if (payload.size() <= 0xFFFF) {
        out += static_cast<char>(126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xFF);
    } else {
        out += static_cast<char>(127);
        for (int shift = 56; shift >= 0; shift -= 8)
            out += static_cast<char>(payload.size() >> shift & 0xFF);
    }
    return out.append(payload);
}

RecordingSink parse(const std::string& wire, Progress::State wanted = Progress::State::open) {
    return parse_every_way([] { return WebSocketStream(run); }, wire, wanted);
}

TEST(WebSocketStream, MessagesOfAllLengths) {
    std::string wire;
    for (std::uint64_t i = 0; i < 4; ++i) {
        std::string payload;
        append_payload(payload, run, {7, i, 1}, std::array<std::size_t, 4>{58, 126, 65'535, 65'536}[i]);
        wire += frame(i % 2 == 0 ? 0x81 : 0x82, payload);
    }
    EXPECT_EQ(parse(wire).sequences, (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST(WebSocketStream, FragmentsWithControlFramesBetween) {
    const std::string text = "{\"m\":\"" + marker_text(1) + "\"}";
    const std::string wire = frame(0x01, text.substr(0, 20)) + frame(0x89, "ping!") + frame(0x00, text.substr(20, 17)) +
                             frame(0x8A, "") + frame(0x00, "") + frame(0x80, text.substr(37)) +
                             frame(0x81, marker_text(2)) + frame(0x89, "");
    const RecordingSink sink = parse(wire);
    EXPECT_EQ(sink.sequences, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(sink.pings, (std::vector<std::string>{"ping!", ""}));
}

TEST(WebSocketStream, AMessageCutOffHasNotBeenReceived) {
    EXPECT_TRUE(parse(frame(0x01, marker_text(1))).sequences.empty());
}

TEST(WebSocketStream, HowMessagesBeginAndWhatTheyHoldWhenAskedFor) {
    const std::string wire = frame(0x01, "42[") + frame(0x89, "ping!") + frame(0x80, "\"x\"]") + frame(0x81, "") +
                             frame(0x81, std::string(1'000, 'a')) + frame(0x81, "42[\"x\"]");
    const RecordingSink sink = parse_every_way(
        [] {
            return WebSocketStream(run, {true, true});
        },
        wire, Progress::State::open);
    EXPECT_EQ(sink.beginnings, (std::vector<std::string>{"42[\"x\"]", "", std::string(128, 'a'), "42[\"x\"]"}));
    ASSERT_EQ(sink.contents.size(), 3U) << "an empty message holds nothing";
    EXPECT_EQ(sink.contents[0], sink.contents[2]);
    EXPECT_NE(sink.contents[0], sink.contents[1]);
    EXPECT_TRUE(parse(wire).beginnings.empty());
    EXPECT_TRUE(parse(wire).contents.empty());
}

TEST(WebSocketStream, CloseWithCodeReasonOrNeither) {
    RecordingSink sink =
        parse(frame(0x88, std::string("\x03\xF5", 2) + "slow_consumer") + "ignored", Progress::State::ended);
    EXPECT_EQ(sink.close_code, 1013);
    EXPECT_EQ(sink.close_reason, "slow_consumer");
    sink = parse(frame(0x88, ""), Progress::State::ended);
    EXPECT_EQ(sink.close_code, 1005);
}

TEST(WebSocketStream, ProtocolViolations) {
    std::string masked;
    append_frame(masked, Opcode::text, "hello", 0x01020304);
    for (const std::string& wire : {
             masked, frame(0xC1, "compressed"), frame(0x83, "reserved opcode"), frame(0x8B, "reserved control"),
             frame(0x09, "fragmented ping"), frame(0x89, std::string(126, 'x')), frame(0x80, "continues nothing"),
             frame(0x01, "begins") + frame(0x81, "begins again"), frame(0x88, "x"),
             frame(0x88, std::string("\x03\xEE", 2)),  // 1006 never stands in a frame
             std::string("\x81\x7E\x00\x05hello", 9),  // length not in its shortest form
         }) {
        EXPECT_TRUE(parse(wire, Progress::State::broken).sequences.empty());
    }
}

TEST(WebSocketStream, DeclaredLengthIsBounded) {
    RecordingSink sink;
    const auto declare = [&](std::uint64_t length) {
        std::string head("\x82\x7F", 2);
        for (int shift = 56; shift >= 0; shift -= 8)
            head += static_cast<char>(length >> shift & 0xFF);
        WebSocketStream stream(run);
        return stream.feed(head, sink).state;
    };
    EXPECT_EQ(declare(WebSocketStream::frame_bytes_max), Progress::State::open);
    EXPECT_EQ(declare(WebSocketStream::frame_bytes_max + 1), Progress::State::broken);
    EXPECT_EQ(declare(std::uint64_t{1} << 63), Progress::State::broken);
    EXPECT_EQ(declare(~std::uint64_t{0}), Progress::State::broken);
}

TEST(WebSocketWire, HandshakeExampleOfTheRfc) {
    EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(websocket_key(0, 0), "AAAAAAAAAAAAAAAAAAAAAA==");
    EXPECT_EQ(websocket_key(1, 2).size(), 24U);
}

TEST(WebSocketWire, ClientFramesAreMasked) {
    for (const std::size_t size : {0U, 5U, 125U, 126U, 65'535U, 65'536U}) {
        std::string out;
        append_frame(out, Opcode::text, std::string(size, 'a'), 0xA1B2C3D4);
        const std::size_t head = size < 126 ? 2 : size <= 0xFFFF ? 4 : 10;
        ASSERT_EQ(out.size(), head + 4 + size);
        EXPECT_EQ(static_cast<unsigned char>(out[0]), 0x81);
        EXPECT_NE(out[1] & 0x80, 0);
        if (size > 0) {
            EXPECT_EQ(out[head + 4] ^ out[head], 'a');
        }
    }
}

}  // namespace
}  // namespace squall::workload
