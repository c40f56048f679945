#include "suites/model/metric.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "suites/model/suggest.hpp"

namespace squall {
namespace {

TEST(Metrics, TableIsSortedUniqueAndDocumented) {
    const auto& all = all_metrics();
    for (std::size_t i = 1; i < all.size(); ++i)
        EXPECT_LT(all[i - 1].name, all[i].name);
    for (const Metric& metric : all) {
        EXPECT_EQ(find_metric(metric.name), &metric);
        EXPECT_FALSE(metric.doc.empty()) << metric.name;
        EXPECT_NE(metric.doc.back(), '.') << metric.name;
    }
    EXPECT_EQ(find_metric("delivery"), nullptr);
}

TEST(Metrics, KindsAndDimensionsAreTheContract) {
    EXPECT_EQ(find_metric("delivery.latency")->kind, MetricKind::distribution);
    EXPECT_EQ(find_metric("delivery.latency")->dimension, dimension::time);
    EXPECT_EQ(find_metric("target.cpu")->dimension, dimension::cores);
    EXPECT_EQ(find_metric("queue.depth")->kind, MetricKind::summary);
    EXPECT_EQ(find_metric("disconnects")->kind, MetricKind::counter);
    EXPECT_EQ(find_metric("messages")->kind, MetricKind::books);
    EXPECT_TRUE(find_metric("connections")->accounted);
    EXPECT_TRUE(carries_rig_lag("delivery.latency"));
    EXPECT_FALSE(carries_rig_lag("target.memory"));
}

TEST(Metrics, LabelValuesAreCheckedWhereTheyAreAClosedListOrHaveAForm) {
    EXPECT_EQ(label_problem("disconnects", "seen", "close_1013"), "");
    EXPECT_EQ(label_problem("disconnects", "seen", "http_503"), "");
    EXPECT_EQ(label_problem("disconnects", "seen", "eof_cut"), "");
    EXPECT_NE(label_problem("disconnects", "seen", "close_13"), "");
    EXPECT_NE(label_problem("disconnects", "seen", "eof_clen").find("did you mean 'eof_clean'"), std::string::npos);
    EXPECT_EQ(label_problem("disconnects", "reason", "a_reason_of_its_own"), "");
    EXPECT_NE(label_problem("disconnects", "reason", "Slow").find("slow_consumer"), std::string::npos);
    EXPECT_EQ(label_problem("handshake.failures", "cause", "refused"), "");
    EXPECT_NE(label_problem("handshake.failures", "cause", "whatever"), "");
    EXPECT_EQ(label_problem("declared.handshake_failures", "cause", "whatever"), "");
    EXPECT_EQ(label_problem("target.sockets", "state", "close_wait"), "");
    EXPECT_NE(label_problem("target.sockets", "state", "ESTABLISHED"), "");
    EXPECT_EQ(label_problem("messages.rejected", "status", "429"), "");
    EXPECT_NE(label_problem("connections", "protocol", "ws").find("sse, websocket"), std::string::npos);
}

TEST(Suggest, CountsEdits) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("abc", ""), 3u);
    EXPECT_EQ(edit_distance("latency", "latncy"), 1u);
    EXPECT_EQ(edit_distance("cohort", "cohrot"), 1u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Suggest, OffersOnlyWhatIsNear) {
    const std::vector<std::string> names{"duration", "delivery.latency"};
    EXPECT_EQ(did_you_mean("duraton", names), "; did you mean 'duration'?");
    EXPECT_EQ(did_you_mean("delivery.latencies", names), "; did you mean 'delivery.latency'?");
    EXPECT_EQ(did_you_mean("x", names), "");
    EXPECT_EQ(did_you_mean("completely-different", names), "");
    EXPECT_EQ(did_you_mean(std::string(1000, 'x'), names), "");
}

}  // namespace
}  // namespace squall
