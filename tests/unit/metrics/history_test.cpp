#include "suites/metrics/history.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <limits>

namespace squall {
namespace {

namespace json = boost::json;

TEST(History, SlicesAreAQuarterOfASecond) {
    EXPECT_EQ(slice_of(0), 0);
    EXPECT_EQ(slice_of(slice_length - 1), 0);
    EXPECT_EQ(slice_of(slice_length), 1);
    EXPECT_EQ(slice_of(-1), -1);
    EXPECT_EQ(slice_of(-slice_length), -1);
    History history;
    history.record("silence", {}, 3 * slice_length + 5, 42);
    history.record("silence", {}, 3 * slice_length + 6, 43);
    EXPECT_EQ(history.distributions().at(Key{"silence", {}}).at(3).count(), 2u);
}

TEST(History, ValuesThatAreNoNumbersAreNoSamples) {
    History history;
    history.sample("queue.depth", {}, 0, std::numeric_limits<double>::quiet_NaN());
    history.sample("queue.depth", {}, 0, std::numeric_limits<double>::infinity());
    history.event({0, "connects", {}, std::numeric_limits<double>::quiet_NaN()});
    EXPECT_TRUE(history.gauges().empty());
    EXPECT_TRUE(history.events().empty());
}

TEST(History, SortKeepsTheOrderOfWhatIsSimultaneous) {
    History history;
    history.event({20, "connects", {{"connection", "b"}}, 1});
    history.event({10, "connects", {{"connection", "a"}}, 1});
    history.event({20, "hangups", {{"connection", "b"}}, 1});
    history.sample("connections", {}, 9, 2);
    history.sample("connections", {}, 3, 1);
    history.sort();
    EXPECT_EQ(history.events()[0].at, 10);
    EXPECT_EQ(history.events()[1].metric, "connects");
    EXPECT_EQ(history.events()[2].metric, "hangups");
    EXPECT_EQ(history.gauges().at(Key{"connections", {}}).front().at, 3);
}

TEST(History, EmptySlicesAreNotKept) {
    History history;
    history.merge_slice("silence", {}, 1, Histogram{});
    EXPECT_TRUE(history.distributions().empty());
}

History shard(int number) {
    History history;
    history.record("delivery.latency", {{"cohort", "a"}}, 10, 1000 * number);
    history.sample("connections", {{"cohort", "a"}}, 5, 10.0 * number);
    history.event({number * 7, "connects", {{"connection", "a#0.1"}}, 1});
    history.span({"run", 0, 1000});
    history.facts() = json::parse(R"({"run_id":"r","rig":{"problems":["p)" + std::to_string(number) +
                                  R"("]},"injections":[{"name":"i"}],"target":{"exited":null}})")
                          .as_object();
    return history;
}

TEST(History, ShardsAddUp) {
    History merged;
    History second = shard(2);
    second.facts()["target"] =
        json::object{{"exited", json::object{{"how", "killed"}}}, {"restarts", json::array{1, 2}}};
    merged.merge(shard(1), 1);
    merged.merge(second, 2);

    const Histogram& latency = merged.distributions().at(Key{"delivery.latency", {{"cohort", "a"}}}).at(0);
    EXPECT_EQ(latency.count(), 2u);
    EXPECT_EQ(latency.min(), 1000);
    EXPECT_EQ(latency.max(), 2000);
    ASSERT_EQ(merged.gauges().size(), 2u);
    EXPECT_EQ(merged.gauges().count(Key{"connections", {{"cohort", "a"}, {"shard", "2"}}}), 1u);
    ASSERT_EQ(merged.events().size(), 2u);
    EXPECT_EQ(merged.events()[0].labels.at("shard"), "1");
    EXPECT_EQ(merged.spans().size(), 1u);

    const json::object& facts = merged.facts();
    EXPECT_EQ(facts.at("injections").as_array().size(), 2u);
    EXPECT_EQ(facts.at("rig").at("problems").as_array().size(), 2u);
    EXPECT_EQ(facts.at("target").at("exited").at("how"), "killed");
    EXPECT_EQ(facts.at("target").at("restarts").as_array().size(), 2u);
}

}  // namespace
}  // namespace squall
