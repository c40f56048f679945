// The search for what a record does not determine.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "suites/invariants/fit.hpp"

namespace squall {
namespace {

using enum FreeParameter::What;
using Values = std::vector<FreeValue>;

const FreeParameter share{slow_share, 0.01, 0.001, 0.1};
const FreeParameter rate{slow_rate, 1e4, 1e3, 1e6};
const FreeParameter bound{queue_bound, 100, 10, 10'000};

/// Plays at most `runs` trials; a trial's factor is what `world` says of its values.
FitSearch searched(std::vector<FreeParameter> free, std::size_t runs,
                   const std::function<double(const Values&)>& world) {
    FitSearch search(std::move(free));
    for (std::size_t run = 0; run < runs; ++run) {
        const auto values = search.next();
        if (!values) break;
        search.tell(world(*values));
    }
    return search;
}

double apart(double value, double right) {
    return std::exp(std::fabs(std::log(value / right)));
}

TEST(Fit, BeginsWithWhatTheScenarioSaysTwice) {
    const auto search = searched({share, bound}, 2, [](const Values&) { return 3; });
    ASSERT_EQ(search.trials().size(), 2u);
    for (const auto& trial : search.trials()) {
        EXPECT_NEAR(trial.values[0].value, 0.01, 1e-12);
        EXPECT_NEAR(trial.values[1].value, 100, 1e-9);
    }
    EXPECT_DOUBLE_EQ(search.best_factor().value(), 3);
    EXPECT_FALSE(search.verdicts()[0].tried);
}

TEST(Fit, FindsTheOneThatMatters) {
    const auto search = searched({share, rate, bound}, 16, [](const Values& v) { return apart(v[2].value, 1500); });
    EXPECT_LT(apart(search.best()[2].value, 1500), 1.5);
    const auto verdicts = search.verdicts();
    EXPECT_FALSE(verdicts[0].matters);
    EXPECT_FALSE(verdicts[1].matters);
    EXPECT_TRUE(verdicts[2].matters);
    EXPECT_GT(verdicts[2].effect, 2);
    // Where nothing speaks for another value the author's stays.
    EXPECT_NEAR(search.best()[0].value, 0.01, 1e-12);
    EXPECT_NEAR(search.best()[1].value, 1e4, 1e-6);
    EXPECT_LT(verdicts[0].low, 0.01);
    EXPECT_GT(verdicts[0].high, 0.01);
}

TEST(Fit, FindsTwoThatMatter) {
    const auto search =
        searched({share, bound}, 40, [](const Values& v) { return apart(v[0].value, 0.05) * apart(v[1].value, 40); });
    EXPECT_LT(apart(search.best()[0].value, 0.05), 1.3);
    EXPECT_LT(apart(search.best()[1].value, 40), 1.3);
}

TEST(Fit, WhatIsBetterByChanceIsNoBetter) {
    int run = 0;
    const auto search = searched({share}, 12, [&](const Values&) { return ++run % 2 == 0 ? 2.0 : 3.0; });
    EXPECT_NEAR(search.noise(), 1.5, 1e-9);
    EXPECT_NEAR(search.best()[0].value, 0.01, 1e-12);
    EXPECT_FALSE(search.verdicts()[0].matters);
}

TEST(Fit, OfWhatWasNoReplayNothingIsLearnt) {
    FitSearch search({share});
    for (const auto& factor : {std::optional(3.0), std::optional(3.1), std::optional<double>()}) {
        EXPECT_TRUE(search.next());
        search.tell(factor);
    }
    EXPECT_FALSE(search.verdicts()[0].tried);
    EXPECT_LT(search.next()->at(0).value, 0.01);  // the other way
    FitSearch none({share});
    none.tell({});
    EXPECT_FALSE(none.best_factor());
    none.tell(5);
    EXPECT_DOUBLE_EQ(none.best_factor().value(), 5);
}

TEST(Fit, WhereNoTrialTellsAnythingNothingIsFound) {
    FitSearch search({share, bound});
    while (search.next())
        search.tell({});
    EXPECT_GT(search.trials().size(), 2u);
    EXPECT_FALSE(search.best_factor());
    for (const auto& verdict : search.verdicts())
        EXPECT_FALSE(verdict.tried);
}

TEST(Fit, TheFirstThatTellsAnythingIsTheBestOneUntilThen) {
    FitSearch search({share, bound});
    for (const auto& factor : {std::optional<double>(), std::optional<double>(), std::optional(900.0)}) {
        EXPECT_TRUE(search.next());
        search.tell(factor);
    }
    EXPECT_DOUBLE_EQ(search.best_factor().value(), 900);
    EXPECT_FALSE(search.verdicts()[0].matters);  // than nothing: by how much is not known
}

TEST(Fit, StaysWithinItsRangeAndEnds) {
    const auto search = searched({share, rate, bound}, 1000, [](const Values& v) { return apart(v[1].value, 1e9); });
    EXPECT_NEAR(search.best()[1].value, 1e6, 1);
    EXPECT_LT(search.trials().size(), 60u);
    for (const auto& trial : search.trials()) {
        EXPECT_LE(trial.values[1].value, 1e6 * (1 + 1e-9));
        EXPECT_GE(trial.values[1].value, 1e3 * (1 - 1e-9));
    }
}

TEST(Fit, BeginsAtAnEndAsWell) {
    const auto search =
        searched({{queue_bound, 10, 10, 10'000}}, 20, [](const Values& v) { return apart(v[0].value, 300); });
    EXPECT_LT(apart(search.best()[0].value, 300), 1.3);
}

TEST(Fit, TheSameTrialsFollowFromTheSameAnswers) {
    const auto world = [](const Values& v) { return apart(v[0].value, 0.03) * apart(v[1].value, 700); };
    const auto a = searched({share, bound}, 20, world), b = searched({share, bound}, 20, world);
    ASSERT_EQ(a.trials().size(), b.trials().size());
    for (std::size_t n = 0; n < a.trials().size(); ++n)
        EXPECT_EQ(a.trials()[n].values[1].value, b.trials()[n].values[1].value);
}

}  // namespace
}  // namespace squall
