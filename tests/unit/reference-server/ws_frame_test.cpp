#include "reference-server/src/ws_frame.hpp"

#include <gtest/gtest.h>

#include "reference-server/src/ws_handshake.hpp"

namespace squall::reference::ws {
namespace {

using Kind = Incoming::Kind;

std::string masked(unsigned first_byte, std::string_view payload) {
    const unsigned char mask[4] = {0x37, 0xFA, 0x21, 0x3D};
    std::string out(1, static_cast<char>(first_byte));
    if (payload.size() <= 125) {
        out += static_cast<char>(0x80U | payload.size());
    } else if (payload.size() <= 0xFFFF) {
        out += static_cast<char>(0x80U | 126U);
        out += static_cast<char>(payload.size() >> 8U);
        out += static_cast<char>(payload.size() & 0xFFU);
    } else {
        out += static_cast<char>(0x80U | 127U);
        for (int shift = 56; shift >= 0; shift -= 8)
            out += static_cast<char>((payload.size() >> shift) & 0xFFU);
    }
    out.append(reinterpret_cast<const char*>(mask), 4);
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % 4]);
    return out;
}

std::vector<Incoming> decode(std::string_view wire, bool keep = true, std::uint64_t limit = 1U << 20U,
                             std::size_t step = 1U << 30U) {
    Decoder decoder(limit, keep);
    std::vector<Incoming> out;
    while (!wire.empty()) {
        std::string_view part = wire.substr(0, step);
        wire.remove_prefix(part.size());
        while (auto incoming = decoder.next(part)) {
            out.push_back(*incoming);
            const Kind kind = incoming->kind;
            if (kind == Kind::protocol_error || kind == Kind::too_big || kind == Kind::invalid_text) return out;
        }
        EXPECT_TRUE(part.empty());
    }
    return out;
}

TEST(WsFrame, EncodesTheThreeLengths) {
    EXPECT_EQ(frame(Opcode::text, "hi"), "\x81\x02hi");
    EXPECT_EQ(frame(Opcode::text, std::string(125, 'x')).size(), 127U);
    EXPECT_EQ(frame_head(Opcode::binary, 126), std::string("\x82\x7E\x00\x7E", 4));
    EXPECT_EQ(frame_head(Opcode::text, 65'535), std::string("\x81\x7E\xFF\xFF", 4));
    EXPECT_EQ(frame_head(Opcode::text, 65'536), std::string("\x81\x7F\0\0\0\0\0\x01\0\0", 10));
    EXPECT_EQ(close_frame(1013, "slow_consumer"), std::string("\x88\x0F\x03\xF5slow_consumer"));
}

TEST(WsFrame, DecodesMessagesOfAllLengthsInAnyPieces) {
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 70'000U}) {
        const std::string payload(size, 'p');
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20U}) {
            const auto found = decode(masked(0x81, payload), true, 1U << 20U, step);
            ASSERT_EQ(found.size(), 1U) << size;
            EXPECT_EQ(found[0].kind, Kind::message);
            EXPECT_EQ(found[0].payload, payload);
        }
    }
}

TEST(WsFrame, JoinsFragmentsAroundControlFrames) {
    const auto found = decode(masked(0x01, "one ") + masked(0x89, "are you there") + masked(0x00, "two ") +
                              masked(0x80, "three") + masked(0x8A, "yes"));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].kind, Kind::ping);
    EXPECT_EQ(found[0].payload, "are you there");
    EXPECT_EQ(found[1].kind, Kind::message);
    EXPECT_EQ(found[1].payload, "one two three");
    EXPECT_EQ(found[2].kind, Kind::pong);
}

TEST(WsFrame, SkipsWhatNobodyReads) {
    const auto found = decode(masked(0x81, std::string(1000, 'x')) + masked(0x82, "\xFF\xFF"), false);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_TRUE(found[0].payload.empty());
    EXPECT_EQ(found[1].opcode, Opcode::binary);
}

TEST(WsFrame, RefusesWhatTheProtocolForbids) {
    const std::vector<std::pair<const char*, std::string>> forbidden = {
        {"unmasked", std::string("\x81\x02hi")},
        {"reserved bit", masked(0xC1, "x")},
        {"reserved data opcode", masked(0x83, "x")},
        {"reserved control opcode", masked(0x8B, "x")},
        {"fragmented ping", masked(0x09, "x")},
        {"long ping", masked(0x89, std::string(126, 'x'))},
        {"continuation of nothing", masked(0x80, "x")},
        {"message inside a message", masked(0x01, "x") + masked(0x81, "y")},
        {"length not shortest", std::string("\x81\xFE\x00\x05", 4) + "mask"},
        {"length above 2^63", std::string("\x81\xFF\x80\0\0\0\0\0\0\0", 10) + "mask"},
        {"close of one byte", masked(0x88, "x")},
        {"close code 1005", masked(0x88, std::string("\x03\xED"))},
        {"close code 999", masked(0x88, std::string("\x03\xE7"))},
    };
    for (const auto& [what, wire] : forbidden) {
        const auto found = decode(wire);
        ASSERT_EQ(found.size(), 1U) << what;
        EXPECT_EQ(found[0].kind, Kind::protocol_error) << what;
    }
}

TEST(WsFrame, AnnouncedLengthsAreHeldAgainstTheLimit) {
    EXPECT_EQ(decode(masked(0x81, std::string(101, 'x')), true, 100).at(0).kind, Kind::too_big);
    EXPECT_EQ(decode(masked(0x01, std::string(60, 'x')) + masked(0x80, std::string(41, 'x')), true, 100).at(0).kind,
              Kind::too_big);
    EXPECT_EQ(decode(masked(0x01, std::string(60, 'x')) + masked(0x80, std::string(40, 'x')), true, 100).at(0).kind,
              Kind::message);
    EXPECT_EQ(decode(std::string("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10) + "mask").at(0).kind, Kind::too_big);
}

TEST(WsFrame, TextHasToBeUtf8) {
    EXPECT_EQ(decode(masked(0x81, "\xC3\x28")).at(0).kind, Kind::invalid_text);
    EXPECT_EQ(decode(masked(0x82, "\xC3\x28")).at(0).kind, Kind::message);
    // A character may be divided between fragments.
    EXPECT_EQ(decode(masked(0x01, "\xC3") + masked(0x80, "\xA9")).at(0).kind, Kind::message);
}

TEST(WsFrame, ReadsCloseFrames) {
    const auto with_code = decode(masked(0x88, std::string("\x03\xE8") + "bye")).at(0);
    EXPECT_EQ(with_code.kind, Kind::close);
    EXPECT_EQ(with_code.close_code, 1000);
    EXPECT_EQ(with_code.payload, "bye");
    const auto without = decode(masked(0x88, "")).at(0);
    EXPECT_EQ(without.kind, Kind::close);
    EXPECT_EQ(without.close_code, 0);
}

TEST(Utf8, FollowsRfc3629) {
    for (const char* good : {"", "ascii", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(valid_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                            "\xF8\x88\x80\x80\x80", "\xE2\x82", "\xC3"})
        EXPECT_FALSE(valid_utf8(bad)) << bad;
}

TEST(WsHandshake, AnswersTheKeyOfTheRfc) {
    EXPECT_EQ(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_TRUE(valid_key("dGhlIHNhbXBsZSBub25jZQ=="));
    for (const char* wrong : {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZR==",
                              "dGhlIHNhbXBsZSBub2!jZQ=="})
        EXPECT_FALSE(valid_key(wrong)) << wrong;
}

}  // namespace
}  // namespace squall::reference::ws
