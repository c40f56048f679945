#include "suites/metrics/prometheus.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace squall {
namespace {

using testing::HasSubstr;

TEST(Prometheus, ReadsNamesLabelsAndValues) {
    const auto samples = parse_prometheus(
        "# HELP push_connections now\n# TYPE push_connections gauge\n"
        "push_connections{protocol=\"sse\"} 12\r\n"
        "push_connections{protocol=\"a \\\"quoted\\\" \\\\ one\\nmore\",} 3 1700000000000\n"
        "\n  lag_seconds 1.5e-3\nratio NaN\nlimit +Inf\n");
    ASSERT_TRUE(samples);
    ASSERT_EQ(samples->size(), 5U);
    EXPECT_EQ((*samples)[0].labels.at("protocol"), "sse");
    EXPECT_EQ((*samples)[0].value, 12);
    EXPECT_EQ((*samples)[1].labels.at("protocol"), "a \"quoted\" \\ one\nmore");
    EXPECT_DOUBLE_EQ((*samples)[2].value, 0.0015);
    EXPECT_TRUE(std::isnan((*samples)[3].value));
    EXPECT_TRUE(std::isinf((*samples)[4].value));
}

TEST(Prometheus, NamesTheLineOfAMistake) {
    for (const char* wrong : {"a 1\nb{x=1} 2\n", "a 1\nb{x=\"1} 2\n", "a 1\nb\n", "a 1\n{} 2\n",
                              "a 1\nb{x=\"1\" y=\"2\"} 3\n", "a 1\nb twelve\n"}) {
        const auto samples = parse_prometheus(wrong);
        ASSERT_FALSE(samples) << wrong;
        EXPECT_THAT(samples.error().message, HasSubstr("line 2"));
    }
}

TEST(Prometheus, AnEmptyPageHasNoSamples) {
    EXPECT_TRUE(parse_prometheus("")->empty());
}

TEST(Prometheus, APageWithTooManySamplesIsRefusedAndNotCut) {
    std::string page;
    for (std::size_t i = 0; i <= prometheus_samples_max; ++i)
        page += "a 1\n";
    EXPECT_FALSE(parse_prometheus(page));
}

}  // namespace
}  // namespace squall
