#include "faults/core/units.hpp"

#include <gtest/gtest.h>

#include "faults/core/clients.hpp"

namespace squall {
namespace {

struct Written {
    const char* text;
    double value;
    Dimension dimension;
};

class Parsed : public testing::TestWithParam<Written> {};

TEST_P(Parsed, GivesValueInBaseUnits) {
    const auto quantity = parse_quantity(GetParam().text);
    ASSERT_TRUE(quantity) << quantity.error().message;
    EXPECT_DOUBLE_EQ(quantity->value, GetParam().value);
    EXPECT_EQ(quantity->dimension, GetParam().dimension);
}

INSTANTIATE_TEST_SUITE_P(Quantities, Parsed,
                         testing::Values(Written{"20ms", 0.02, dimension::time}, Written{"5s", 5, dimension::time},
                                         Written{" 2 m ", 120, dimension::time}, Written{"1h", 3600, dimension::time},
                                         Written{"7us", 7e-6, dimension::time}, Written{"9ns", 9e-9, dimension::time},
                                         Written{"64KiB/s", 65536, dimension::bandwidth},
                                         Written{"10MB", 1e7, dimension::bytes},
                                         Written{"1.5GiB", 1.5 * 1024 * 1024 * 1024, dimension::bytes},
                                         Written{"3B", 3, dimension::bytes},
                                         Written{"0.25 cores", 0.25, dimension::cores},
                                         Written{"1 core", 1, dimension::cores}, Written{"5%", 0.05, dimension::none},
                                         Written{"-3", -3, dimension::none}, Written{"1e3", 1000, dimension::none},
                                         Written{"100/s", 100, dimension::rate}, Written{"+.5", 0.5, dimension::none}));

class Refused : public testing::TestWithParam<const char*> {};

TEST_P(Refused, SaysWhy) {
    const auto quantity = parse_quantity(GetParam());
    ASSERT_FALSE(quantity);
    EXPECT_FALSE(quantity.error().message.empty());
}

INSTANTIATE_TEST_SUITE_P(Quantities, Refused,
                         testing::Values("", "  ", "ms", "20 msec", "20msec", "5s/s", "inf", "nan", "0.25cores/s",
                                         "1e999", "4 s s", "-", ".", "10 / s", "10/sec"));

TEST(Units, AnUnknownUnitIsNamedTogetherWithThoseThatExist) {
    const auto quantity = parse_quantity("20msec");
    ASSERT_FALSE(quantity);
    EXPECT_NE(quantity.error().message.find("msec"), std::string::npos);
    EXPECT_NE(quantity.error().message.find("KiB"), std::string::npos);
}

TEST(Units, PrefixStopsBeforeAWordThatIsNoUnit) {
    std::size_t consumed = 0;
    const auto quantity = parse_quantity_prefix("0.5 at 2s", consumed);
    ASSERT_TRUE(quantity);
    EXPECT_EQ(consumed, 3U);
    EXPECT_EQ(quantity->value, 0.5);
}

TEST(Units, PrefixLeavesADivisionAlone) {
    std::size_t consumed = 0;
    ASSERT_TRUE(parse_quantity_prefix("20/series", consumed));
    EXPECT_EQ(consumed, 2U);
}

TEST(Units, PrefixTakesAUnitBehindABlank) {
    std::size_t consumed = 0;
    const auto quantity = parse_quantity_prefix("20 * 1MiB", consumed);
    ASSERT_TRUE(quantity);
    EXPECT_EQ(consumed, 2U);
    const auto cores = parse_quantity_prefix("0.05 cores) ", consumed);
    ASSERT_TRUE(cores);
    EXPECT_EQ(consumed, 10U);
}

TEST(Units, FormatsWhatReadsBest) {
    EXPECT_EQ(format_quantity(0.0123, dimension::time), "12.3ms");
    EXPECT_EQ(format_quantity(0.02, dimension::time), "20ms");
    EXPECT_EQ(format_quantity(0.0009999, dimension::time), "1000us");
    EXPECT_EQ(format_quantity(924.6, dimension::time), "15.4m");
    EXPECT_EQ(format_quantity(0, dimension::time), "0s");
    EXPECT_EQ(format_quantity(1.5 * 1024 * 1024, dimension::bytes), "1.50MiB");
    EXPECT_EQ(format_quantity(65536, dimension::bandwidth), "64KiB/s");
    EXPECT_EQ(format_quantity(0.25, dimension::cores), "0.250 cores");
    EXPECT_EQ(format_quantity(0.05, dimension::none, true), "5.00%");
    EXPECT_EQ(format_quantity(417, dimension::none), "417");
    EXPECT_EQ(format_quantity(50234, dimension::none), "50234");
    EXPECT_EQ(format_quantity(9.999, dimension::none), "10.0");
    EXPECT_EQ(format_quantity(-0.5, dimension::none), "-0.500");
}

TEST(Units, WhatIsFormattedParsesAgain) {
    for (const double value : {0.000123, 0.02, 1.0, 59.9, 3600.0}) {
        const auto again = parse_quantity(format_quantity(value, dimension::time));
        ASSERT_TRUE(again);
        EXPECT_NEAR(again->value, value, value * 0.005);
    }
}

TEST(Endpoint, RoundTrip) {
    const auto endpoint = parse_endpoint("198.18.0.2:4242");
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->address, 0xC6120002U);
    EXPECT_EQ(endpoint->port, 4242);
    EXPECT_EQ(to_string(*endpoint), "198.18.0.2:4242");
}

TEST(Endpoint, MalformedIsRefused) {
    for (const char* text :
         {"", "198.18.0.2", "198.18.0.2:", "198.18.0.2:99999", "198.18.0:1", "a.b.c.d:1", "1.2.3.4:5x"}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
}

}  // namespace
}  // namespace squall
