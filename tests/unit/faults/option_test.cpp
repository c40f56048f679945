#include "faults/core/option.hpp"

#include <gtest/gtest.h>

namespace squall {
namespace {

const OptionSpec cores{.name = "cores",
                       .kind = OptionSpec::Kind::curve,
                       .dimension = dimension::cores,
                       .doc = "",
                       .required = true,
                       .min = 0.01,
                       .max = 64};
const OptionSpec period{
    .name = "period", .dimension = dimension::time, .doc = "", .fallback = "100ms", .min = 0.001, .max = 1};
const OptionSpec by{.name = "by",
                    .kind = OptionSpec::Kind::choice,
                    .dimension = {},
                    .doc = "",
                    .fallback = "fin",
                    .choices = {"fin", "rst"}};
const OptionSpec flag{.name = "flag", .kind = OptionSpec::Kind::flag, .dimension = {}, .doc = ""};

Curve curve(const char* text) {
    auto value = parse_option(cores, text);
    EXPECT_TRUE(value) << value.error().message;
    return value ? std::get<Curve>(*value) : Curve{};
}

TEST(Curve, Constant) {
    const Curve c = curve("0.25");
    EXPECT_TRUE(c.constant());
    EXPECT_EQ(c.value_at(0), 0.25);
    EXPECT_EQ(c.value_at(nanos_per_second * 100), 0.25);
}

TEST(Curve, RampIsAStraightLineThenConstant) {
    const Curve c = curve("1.0 -> 0.25 over 5s");
    EXPECT_EQ(c.value_at(0), 1.0);
    EXPECT_NEAR(c.value_at(from_seconds(2.5)), 0.625, 1e-9);
    EXPECT_EQ(c.value_at(from_seconds(5)), 0.25);
    EXPECT_EQ(c.value_at(from_seconds(50)), 0.25);
}

TEST(Curve, StepsHoldTheEarlierValue) {
    const Curve c = curve("1.0 cores, 0.5 at 2s, 0.25 at 4s");
    EXPECT_EQ(c.value_at(from_seconds(1.999)), 1.0);
    EXPECT_EQ(c.value_at(from_seconds(2)), 0.5);
    EXPECT_EQ(c.value_at(from_seconds(3.9)), 0.5);
    EXPECT_EQ(c.value_at(from_seconds(9)), 0.25);
}

TEST(Curve, MistakesAreRefused) {
    for (const char* text :
         {"", "fast", "25%", "64KiB", "1.0 -> 0.25", "1.0 -> over 5s", "1 -> 2 over 0s", "1 -> 2 over 5KiB",
          "1.0 at 1s", "1.0, 0.5", "1.0, 0.5 at 2s, 0.25 at 2s", "1.0,", "100", "0", "1 -> 100 over 1s"}) {
        EXPECT_FALSE(parse_option(cores, text)) << text;
    }
}

TEST(Option, RangeAndDimensionAreChecked) {
    EXPECT_TRUE(parse_option(period, "100ms"));
    const auto outside = parse_option(period, "2s");
    ASSERT_FALSE(outside);
    EXPECT_NE(outside.error().message.find("1ms..1s"), std::string::npos) << outside.error().message;
    const auto other = parse_option(period, "100");
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("20ms"), std::string::npos) << other.error().message;
}

TEST(Option, ChoicesAndFlags) {
    EXPECT_EQ(std::get<std::string>(*parse_option(by, " rst ")), "rst");
    const auto wrong = parse_option(by, "syn");
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("fin, rst"), std::string::npos);
    EXPECT_TRUE(std::get<bool>(*parse_option(flag, "true")));
    EXPECT_FALSE(parse_option(flag, "maybe"));
}

TEST(Options, DefaultsAreFilledInAndOptionalOnesStayOut) {
    const auto options = parse_options({cores, period, by, flag}, {{"cores", "0.5"}});
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->duration("period"), 100'000'000);
    EXPECT_EQ(options->choice("by"), "fin");
    EXPECT_FALSE(options->has("flag"));
}

TEST(Options, AllProblemsAreReportedAtOnce) {
    const auto options = parse_options({cores, period}, {{"perod", "1s"}, {"period", "x"}});
    ASSERT_FALSE(options);
    for (const char* part : {"perod", "period:", "cores: is required"}) {
        EXPECT_NE(options.error().message.find(part), std::string::npos) << options.error().message;
    }
}

TEST(Options, WrongTypeIsABug) {
    Options options;
    options.set("cores", 1.0);
    EXPECT_THROW(options.curve("cores"), std::logic_error);
    EXPECT_THROW(options.number("missing"), std::logic_error);
}

}  // namespace
}  // namespace squall
