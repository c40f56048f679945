#include "reference-server/src/units.hpp"

#include <gtest/gtest.h>

namespace squall::reference {
namespace {

using std::chrono::milliseconds;

TEST(Units, DurationsNeedAUnitExceptZero) {
    EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(parse_duration("25s"), milliseconds(25'000));
    EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
    EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
    EXPECT_EQ(parse_duration("0"), milliseconds(0));
    for (const char* wrong : {"", "25", "s", "-1s", "1.5s", "25 s", "25sec", "99999999999999999999s"})
        EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(Units, BytesWithAndWithoutUnit) {
    EXPECT_EQ(parse_bytes("512"), 512U);
    EXPECT_EQ(parse_bytes("16KiB"), 16'384U);
    EXPECT_EQ(parse_bytes("10MiB"), 10'485'760U);
    for (const char* wrong : {"", "10MB", "KiB", "1.5MiB", "9999999999GiB"})
        EXPECT_FALSE(parse_bytes(wrong)) << wrong;
}

TEST(Units, SharesArePercentages) {
    EXPECT_DOUBLE_EQ(parse_share("0.5%").value(), 0.005);
    EXPECT_DOUBLE_EQ(parse_share("100%").value(), 1.0);
    for (const char* wrong : {"", "%", "0.5", "nan%", "1e9x%"})
        EXPECT_FALSE(parse_share(wrong)) << wrong;
}

TEST(Units, FormattingParsesBack) {
    for (const int value : {0, 1, 500, 1'000, 90'000, 3'600'000})
        EXPECT_EQ(parse_duration(format_duration(milliseconds(value))), milliseconds(value));
    for (const std::uint64_t value : {0ULL, 1ULL, 1'024ULL, 1'500ULL, 10'485'760ULL, 1ULL << 30U})
        EXPECT_EQ(parse_bytes(format_bytes(value)), value);
    EXPECT_EQ(format_bytes(16'384), "16KiB");
    EXPECT_EQ(format_duration(milliseconds(25'000)), "25s");
    EXPECT_EQ(format_share(0.005), "0.5%");
}

}  // namespace
}  // namespace squall::reference
