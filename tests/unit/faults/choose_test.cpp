#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "faults/core/fault.hpp"

namespace squall {
namespace {

std::vector<ClientConnection> connections(std::uint32_t count) {
    std::vector<ClientConnection> all;
    for (std::uint32_t i = 0; i < count; ++i)
        all.push_back({{i, 1}, "all", {1, 1}, {2, 2}});
    return all;
}

std::vector<std::uint32_t> picked(std::uint32_t count, double share, std::uint64_t seed) {
    std::vector<std::uint32_t> subscribers;
    for (const auto& c : choose(connections(count), {.cohort = "", .share = share, .seed = seed})) {
        subscribers.push_back(c.id.subscriber);
    }
    return subscribers;
}

TEST(Choose, TakesTheShareAndKeepsTheOrder) {
    const auto chosen = picked(200, 0.1, 7);
    EXPECT_EQ(chosen.size(), 20U);
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
    EXPECT_EQ(std::set<std::uint32_t>(chosen.begin(), chosen.end()).size(), 20U);
}

TEST(Choose, SameSeedSameChoiceOtherSeedAnother) {
    EXPECT_EQ(picked(1000, 0.05, 42), picked(1000, 0.05, 42));
    EXPECT_NE(picked(1000, 0.05, 42), picked(1000, 0.05, 43));
}

TEST(Choose, SeedMeansTheSameOnEveryPlatform) {
    EXPECT_EQ(picked(10, 0.3, 1), (std::vector<std::uint32_t>{1, 5, 8}));
}

TEST(Choose, OneSubscriberIfItIsThere) {
    const auto chosen = choose(connections(10), {.cohort = "all", .subscriber = 4});
    ASSERT_EQ(chosen.size(), 1U);
    EXPECT_EQ(chosen[0].id.subscriber, 4U);
    EXPECT_TRUE(choose(connections(4), {.cohort = "all", .subscriber = 4}).empty());
    EXPECT_FALSE((Aim{.subscriber = 4}).everybody());
}

TEST(Choose, AtLeastOneAtMostAll) {
    EXPECT_EQ(picked(10, 0.0, 1).size(), 1U);
    EXPECT_EQ(picked(10, 1.0, 1).size(), 10U);
    EXPECT_EQ(picked(10, 7.0, 1).size(), 10U);
    EXPECT_TRUE(picked(0, 1.0, 1).empty());
}

}  // namespace
}  // namespace squall
