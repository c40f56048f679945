#include "suites/report/plot.hpp"

#include <gmock/gmock.h>

#include "suites/report/axis.hpp"
#include "suites/report/html.hpp"

namespace squall::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Nanos second = nanos_per_second;

std::vector<std::string> labels(const Axis& axis) {
    std::vector<std::string> result;
    for (const Tick& tick : axis.ticks)
        result.push_back(tick.label);
    return result;
}

TEST(Axis, StepsAreThoseThatPeopleChoose) {
    using Labels = std::vector<std::string>;
    EXPECT_EQ(labels(value_axis(0, 47, dimension::none, false, false)), (Labels{"0", "10", "20", "30", "40", "50"}));
    EXPECT_EQ(labels(value_axis(0, 0.018, dimension::time, false, false)),
              (Labels{"0s", "5ms", "10ms", "15ms", "20ms"}));
    EXPECT_EQ(labels(value_axis(0, 3 << 20, dimension::bytes, false, false)),
              (Labels{"0B", "1MiB", "2MiB", "3MiB", "4MiB"}));
    EXPECT_EQ(labels(value_axis(0, 0.41, dimension::none, true, false)),
              (Labels{"0%", "10%", "20%", "30%", "40%", "50%"}));
    EXPECT_EQ(labels(value_axis(0.002, 3, dimension::time, false, true)), (Labels{"10ms", "100ms", "1s"}));
    EXPECT_EQ(labels(time_axis(12 * second)), (Labels{"0 s", "2 s", "4 s", "6 s", "8 s", "10 s", "12 s"}));
    EXPECT_EQ(labels(time_axis(3600 * second)).front(), "0 s");
    EXPECT_EQ(labels(time_axis(3600 * second)).back(), "1:00:00");
}

TEST(Axis, ThereAreFewTicksHoweverWideItIs) {
    for (double high = 1e-9; high < 1e15; high *= 3.7) {
        for (const Dimension dimension : {dimension::none, dimension::time, dimension::bytes, dimension::cores}) {
            const auto linear = value_axis(0, high, dimension, false, false);
            EXPECT_GE(linear.ticks.size(), 2U) << high;
            EXPECT_LE(linear.ticks.size(), 9U) << high;
            EXPECT_GE(linear.high, high);
        }
        EXPECT_LE(value_axis(1e-9, high, dimension::time, false, true).ticks.size(), 9U) << high;
        if (high < 1e8) {
            EXPECT_LE(time_axis(from_seconds(high)).ticks.size(), 10U) << high;
        }
    }
}

TEST(Axis, NothingToShowIsStillAnAxis) {
    for (const double odd : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        const auto axis = value_axis(odd, odd, dimension::none, false, true);
        EXPECT_LT(axis.low, axis.high);
        EXPECT_GE(axis.share(odd), 0);
        EXPECT_LE(axis.share(odd), 1);
    }
    EXPECT_FALSE(time_axis(0).ticks.empty());
}

TEST(Thinning, KeepsTheExtremesAndTheOrder) {
    std::vector<Point> points;
    for (int n = 0; n < 100'000; ++n)
        points.push_back({n * second / 10, n == 54'321 ? 1000.0 : n == 77'777 ? -5.0 : n % 7 + 1.0});
    const auto kept = thinned(points, 10'000 * second, 300);
    EXPECT_LE(kept.size(), 602U);
    double low = 0, high = 0;
    Nanos last = -1;
    for (const Point& point : kept) {
        EXPECT_GE(point.at, last);
        last = point.at;
        low = std::min(low, point.value);
        high = std::max(high, point.value);
    }
    EXPECT_EQ(high, 1000);
    EXPECT_EQ(low, -5);
}

TEST(Plot, WithoutAPointThereIsNone) {
    EXPECT_EQ(draw({.id = "x", .title = "x", .lines = {{"a"}}}, {.end = second}), "");
    EXPECT_EQ(draw_timeline({}), "");
    EXPECT_EQ(draw_distributions("x", "x", {{"a", {}}}), "");
}

TEST(Plot, SaysInWordsWhatItShows) {
    Plot plot{.id = "p", .title = "Latency", .dimension = dimension::time};
    plot.lines = {{"p99", {{second, 0.010}, {2 * second, 0.040}}, 1}};
    plot.limits = {{0.05, 0, 2 * second, 3, true}, {9, 0, 2 * second, 4, false}};
    const auto html =
        draw(plot, {2 * second, {{"baseline", 0, second}}, {{"cap", second, 2 * second}}, {{second, 3, "tail"}}});
    EXPECT_THAT(html, HasSubstr("aria-label=\"Latency. p99: 10ms to 40ms, most at 2.00 s.\""));
    EXPECT_THAT(html, HasSubstr("limit of #3<"));
    EXPECT_THAT(html, HasSubstr("limit of #4: 9s, outside this plot"));
    EXPECT_THAT(html, HasSubstr("class=\"fault\" x=\"50.00%\""));
    EXPECT_THAT(html, HasSubstr("<title>#3: tail</title>"));
    EXPECT_THAT(html, HasSubstr("<td class=\"n\">40ms</td>"));
}

TEST(Plot, ALineIsBrokenWhereSamplesAreMissing) {
    Plot plot{.id = "p", .title = "p", .lines = {{"a", {{0, 1}, {second / 4, 1}, {9 * second, 1}}}}};
    const auto html = draw(plot, {.end = 10 * second});
    const auto path = html.substr(html.find("<path d=\"M0"));
    EXPECT_EQ(std::count(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(path.find("\" ")), 'M'), 2);
}

TEST(Plot, NamesAreText) {
    const std::string hostile = "</svg><script>alert(1)</script>\"'&\x01";
    Plot plot{.id = "p", .title = hostile, .note = hostile, .lines = {{hostile, {{0, 1}}}}};
    const Scene scene{second, {{hostile, 0, second}}, {{hostile, 0, second}}, {{0, 1, hostile}}};
    Histogram values;
    values.record(1000);
    for (const auto& html :
         {draw(plot, scene), draw_timeline(scene), draw_distributions("d", hostile, {{hostile, values}})}) {
        EXPECT_THAT(html, Not(HasSubstr("<script")));
        EXPECT_THAT(html, Not(HasSubstr("\x01")));
    }
}

}  // namespace
}  // namespace squall::report
