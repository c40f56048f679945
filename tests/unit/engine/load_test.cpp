#include "suites/engine/load.hpp"

#include <gtest/gtest.h>

namespace squall {
namespace {

Scenario two_topics() {
    Scenario scenario;
    scenario.seed = 7;
    for (const char* topic : {"news", "news", "sport"}) {
        Cohort cohort;
        cohort.topic = topic;
        scenario.cohorts.push_back(cohort);
        Publisher publisher;
        publisher.name = "ticker";
        publisher.topic = topic;
        scenario.publishers.push_back(publisher);
    }
    return scenario;
}

Profile taking_messages() {
    Profile profile;
    profile.publish_path = "/publish";
    return profile;
}

TEST(Load, IsTheScenariosWhereTheTargetOffersAllOfIt) {
    const auto plan = load_of(two_topics(), taking_messages());
    EXPECT_EQ(plan.seed, 7U);
    EXPECT_FALSE(plan.observe);
    EXPECT_EQ(plan.cohorts[2].topic, "sport");
    EXPECT_EQ(plan.publishers[2].topic, "sport");
}

TEST(Load, OfATargetWithoutTopicsEverybodyGetsEverything) {
    Profile profile = taking_messages();
    profile.topics = false;
    const auto plan = load_of(two_topics(), profile);
    for (const auto& cohort : plan.cohorts)
        EXPECT_EQ(cohort.topic, plan.publishers[0].topic);
    EXPECT_EQ(plan.publishers.size(), 3U);
}

TEST(Load, ATargetThatTakesNoMessagesIsObservedByTopic) {
    const auto plan = load_of(two_topics(), Profile());
    EXPECT_TRUE(plan.observe);
    ASSERT_EQ(plan.publishers.size(), 2U);
    EXPECT_EQ(plan.publishers[0].name, "news");
    EXPECT_EQ(plan.publishers[1].topic, "sport");
}

}  // namespace
}  // namespace squall
