#include "suites/targets/declared_log.hpp"

#include <gtest/gtest.h>

namespace squall {
namespace {

const DeclaredLog format{"event", "disconnect", "peer", "protocol", "reason", "time", "", ""};

TEST(DeclaredLog, ReadsDisconnectsAndPassesOverTheRest) {
    const auto content = read_declared_log(
        "starting up\n"
        R"({"event":"connect","peer":"198.18.0.1:4000"})"
        "\n"
        R"({"time":"2026-11-21T03:04:05.250000Z","event":"disconnect","peer":"198.18.0.1:4000","protocol":"sse","reason":"drain"})"
        "\n"
        R"({"event":"disconnect","peer":"not an address","reason":"drain"})"
        "\n"
        R"({"event":"disconnect","peer":"198.18.0.1:4001"})"
        "\n"
        R"({"event":"disconnect","peer":"198.18.0.1:4002","rea)",
        format);
    ASSERT_EQ(content.disconnects.size(), 1U);
    EXPECT_EQ(content.disconnects[0].peer, (Endpoint{0xC6120001, 4000}));
    EXPECT_EQ(content.disconnects[0].reason, "drain");
    EXPECT_EQ(content.disconnects[0].at % nanos_per_second, 250'000'000);
    EXPECT_EQ(content.lines_not_understood, 2U);
}

TEST(DeclaredLog, ReadsHowManyMessagesOfAConnectionWereDroppedAndDelivered) {
    DeclaredLog counting = format;
    counting.dropped_key = "lost";
    counting.delivered_key = "sent";
    const std::string first =
        R"({"event":"disconnect","peer":"198.18.0.1:4000","reason":"drain","lost":3,"sent":18446744073709551615})"
        "\n";
    const auto content = read_declared_log(
        first + R"({"event":"disconnect","peer":"198.18.0.1:4001","reason":"drain","lost":"three","sent":1})"
                "\n"
                R"({"event":"disconnect","peer":"198.18.0.1:4002","reason":"drain","sent":-1,"lost":0})",
        counting);
    ASSERT_EQ(content.disconnects.size(), 3U) << "it is an end all the same";
    EXPECT_EQ(content.disconnects[0].dropped, 3U);
    EXPECT_EQ(content.disconnects[0].delivered, 18446744073709551615U);
    EXPECT_EQ(content.disconnects[0].offset, 0U);
    EXPECT_EQ(content.disconnects[1].offset, first.size());
    EXPECT_FALSE(content.disconnects[1].dropped);
    EXPECT_EQ(content.disconnects[1].delivered, 1U);
    EXPECT_FALSE(content.disconnects[2].delivered);
    EXPECT_EQ(content.lines_not_understood, 2U);
}

TEST(DeclaredLog, TimesAreUtc) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z"), nanos_per_second);
    EXPECT_EQ(parse_rfc3339("1970-01-02T00:00:00.5Z"), (86400 * nanos_per_second) + nanos_per_second / 2);
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01+02:00"), 0);
    EXPECT_EQ(parse_rfc3339("yesterday"), 0);
}

}  // namespace
}  // namespace squall
