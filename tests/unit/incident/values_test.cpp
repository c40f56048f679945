// Values and times, as people and programs write them.
#include "suites/incident/values.hpp"

#include <gtest/gtest.h>

namespace squall::incident {
namespace {

struct Written {
    const char* text;
    double value;
    const char* unit;  // "": none
};

class Values : public testing::TestWithParam<Written> {};

TEST_P(Values, AreReadInBaseUnits) {
    const auto value = parse_value(GetParam().text);
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_DOUBLE_EQ(value->number, GetParam().value);
    EXPECT_EQ(value->unit ? to_string(*value->unit) : "", GetParam().unit);
}

INSTANTIATE_TEST_SUITE_P(
    All, Values,
    testing::Values(Written{"50,234", 50234, ""}, Written{"1,234,567.5", 1234567.5, ""}, Written{" 12 ", 12, ""},
                    Written{"8 GiB", 8589934592.0, "B"}, Written{"8GB", 8e9, "B"}, Written{"512Mi", 536870912.0, "B"},
                    Written{"15.2G", 15.2e9, ""}, Written{"50.2k", 50200, ""}, Written{"1247ms", 1.247, "s"},
                    Written{"18.4s", 18.4, "s"}, Written{"1m32.5s", 92.5, "s"}, Written{"500m", 30000, "m"},
                    Written{"250µs", 250e-6, "s"}, Written{"0.8 %", 0.008, "share"}, Written{"600%", 6, "share"},
                    Written{"1 MB/s", 1e6, "B/s"}, Written{"120/s", 120, "1/s"}, Written{"120 msg/s", 120, "1/s"},
                    Written{"287 messages", 287, "count"}, Written{"1.5 cores", 1.5, "cores"},
                    Written{"12'345", 12345, ""}, Written{"8 gigabytes", 8e9, "B"}, Written{"350 millis", 0.35, "s"},
                    Written{"15 Mbps", 1.875e6, "B/s"}, Written{"15 MBps", 15e6, "B/s"},
                    Written{"8 Mbit/s", 1e6, "B/s"}, Written{"5 minutes", 300, "s"},
                    Written{"120 per second", 120, "1/s"}, Written{"1.2k msg/s", 1200, "1/s"},
                    Written{"1e+06", 1e6, ""}, Written{"-3", -3, ""}));

TEST(Values, WhatIsNoneIsRefused) {
    for (const char* text : {"", "many", "1.2.3", "5,23", "0,123", "15QB", "8 GB!", "0x1F", "1e999", "NaN", "12 34",
                             "12 345", "8 gigs", "15 Mb", "120/min", "120 per hour", "5 MB/min", "5 furlongs/s"})
        EXPECT_FALSE(parse_value(text)) << text;
}

TEST(Values, EndWhereTheNextNameBegins) {
    const auto found = value_at("5 min: 3");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->value.number, 5);
    EXPECT_FALSE((*found)->value.unit);
    EXPECT_EQ((*found)->length, 1u);
}

TEST(Units, AreInNames) {
    const auto unit = [](const char* name) {
        const auto found = unit_in_name(name);
        return found ? std::string(to_string(found->unit)) : "";
    };
    EXPECT_EQ(unit("memory_bytes"), "B");
    EXPECT_EQ(unit("memory [MB]"), "B");
    EXPECT_EQ(unit_in_name("memory [MB]")->factor, 1e6);
    EXPECT_EQ(unit("latency (ms)"), "s");
    EXPECT_EQ(unit("process_cpu_seconds_total{pod=\"a_b\"}"), "s");
    EXPECT_EQ(unit("hub_published_bytes_per_second"), "B/s");
    EXPECT_EQ(unit("messages_per_second"), "1/s");
    EXPECT_EQ(unit("cpu_percent"), "share");
    EXPECT_EQ(unit("slow clients"), "");
    EXPECT_EQ(unit("connections"), "");
}

TEST(Times, OfAllKinds) {
    const auto seconds = [](const char* text) {
        const auto time = time_at(text);
        return time && *time ? (*time)->seconds : -1;
    };
    constexpr double day = 1773446400;  // 2026-03-14
    EXPECT_DOUBLE_EQ(seconds("2026-03-14T02:17:05Z"), day + 8225);
    EXPECT_DOUBLE_EQ(seconds("2026-03-14 02:17:05.25"), day + 8225.25);
    EXPECT_DOUBLE_EQ(seconds("2026/03/14 02:17:05"), day + 8225);
    EXPECT_DOUBLE_EQ(seconds("2026-03-14T03:17:05,500+01:00"), day + 8225.5);
    EXPECT_DOUBLE_EQ(seconds("14:23:45"), 51825);
    EXPECT_DOUBLE_EQ(seconds("1773454625"), day + 8225);
    EXPECT_DOUBLE_EQ(seconds("1773454625.5"), day + 8225.5);
    EXPECT_DOUBLE_EQ(seconds("1773454625250"), day + 8225.25);
    EXPECT_DOUBLE_EQ(seconds("0.5"), 0.5);
    EXPECT_DOUBLE_EQ(seconds("Mar 14 02:17:06") - seconds("Mar 14 02:17:05"), 1);
    EXPECT_DOUBLE_EQ(seconds("Mar  4 02:17:05") - seconds("Mar  3 02:17:05"), 86400);
    for (const char* text : {"", "noon", "25:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z"})
        EXPECT_TRUE(!time_at(text) || !*time_at(text) || (*time_at(text))->kind == Time::Kind::number) << text;
}

TEST(Times, WithAZone) {
    for (const char* text : {"2026-03-14 02:17:05 +0200", "2026-03-14 02:17:05+02:00", "2026-03-14T02:17:05 +02:00",
                             "2026-03-14 02:17:05+02"}) {
        const auto time = time_at(text);
        ASSERT_TRUE(time && *time) << text;
        EXPECT_TRUE((*time)->zoned) << text;
        EXPECT_EQ((*time)->seconds, 1773446400 + 1025) << text;
        EXPECT_EQ((*time)->length, std::string_view(text).size()) << text;
    }
    for (const char* text : {"14:23:45Z", "14:23:45 Z", "14:23:45 UTC", "2026-03-14 02:17:05 GMT", "9:23:45 Z"})
        EXPECT_TRUE((*time_at(text))->zoned) << text;
    for (const char* text : {"14:23:45 - hub", "14:23:45 -5", "14:23:45 zone", "14:23:45 Z: 5", "14:23:45 EST: 5"})
        EXPECT_FALSE((*time_at(text))->zoned) << text;
}

TEST(Times, ThatMayMeanAnythingAreRefused) {
    for (const char* text :
         {"02:23:45 PM", "2:23:45pm", "2026-03-14 02:23:45 am", "14:23:45 CET", "14:23:45EST x", "14:23"})
        EXPECT_TRUE(time_at(text) && !*time_at(text)) << text;
}

}  // namespace
}  // namespace squall::incident
