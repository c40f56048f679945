// What counts as CPU time that others took from the target.
#include "suites/metrics/stolen_cpu.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace squall {
namespace {

constexpr Nanos ms = 1'000'000;

/// 100 ms on one CPU.
double stolen(CpuContention after) {
    after.at = 100 * ms;
    after.cpus = 1;
    return stolen_cores({.cpus = 1}, after).value();
}

TEST(StolenCpu, IsWhatTheTargetWaitedAsFarAsOthersRan) {
    EXPECT_DOUBLE_EQ(stolen({.waited = 30 * ms, .used = 20 * ms, .idle = 10 * ms}), 0.3);
    EXPECT_DOUBLE_EQ(stolen({.waited = 90 * ms, .used = 20 * ms, .idle = 40 * ms}), 0.4) << "the rest, for each other";
}

TEST(StolenCpu, IsNothingWhereNobodyElseRanOrNobodyWaited) {
    EXPECT_EQ(stolen({.waited = 300 * ms, .used = 100 * ms}), 0) << "its own threads only";
    EXPECT_EQ(stolen({.used = 10 * ms}), 0) << "others took what it did not want";
}

TEST(StolenCpu, DoesNotHoldARoundedTickAgainstOthers) {
    EXPECT_EQ(stolen({.waited = 50 * ms, .used = 60 * ms, .idle = 30 * ms, .rounding = 10 * ms}), 0);
    EXPECT_DOUBLE_EQ(stolen({.waited = 50 * ms, .used = 60 * ms, .idle = 10 * ms, .rounding = 10 * ms}), 0.2);
}

TEST(StolenCpu, LeavesOutTheTargetsOwnQuota) {
    EXPECT_EQ(stolen({.waited = 60 * ms, .throttled = 60 * ms, .used = 25 * ms, .idle = 10 * ms}), 0);
    EXPECT_DOUBLE_EQ(stolen({.waited = 70 * ms, .throttled = 60 * ms, .used = 25 * ms}), 0.1);
}

TEST(StolenCpu, ChargesTheHypervisorByTheTargetsPartOfTheWork) {
    EXPECT_DOUBLE_EQ(stolen({.used = 30 * ms, .idle = 20 * ms, .steal = 50 * ms}), 0.5) << "only the target worked";
    EXPECT_DOUBLE_EQ(stolen({.used = 30 * ms, .idle = 10 * ms, .steal = 20 * ms}), 0.2 * 30 / 70);
}

TEST(StolenCpu, IsUnknownWhereNothingCanBeCompared) {
    EXPECT_FALSE(stolen_cores({.at = 5, .cpus = 1}, {.at = 5, .cpus = 1}));
    EXPECT_FALSE(stolen_cores({.at = 0, .cpus = 1}, {.at = 5, .cpus = 2}));
    EXPECT_FALSE(stolen_cores({.at = 0, .used = 9, .cpus = 1}, {.at = 5, .used = 8, .cpus = 1}));
}

TEST(ContentionReader, ReadsThisVeryProcess) {
    ContentionReader reader;
    const auto first = reader.read({getpid()}, 0, 0);
    if (!first) GTEST_SKIP() << "this kernel does not say how long threads wait (CONFIG_SCHED_INFO)";
    const auto second = reader.read({getpid()}, 2, 3);
    ASSERT_TRUE(second);
    EXPECT_GE(second->waited, first->waited);
    EXPECT_GE(second->idle, first->idle);
    EXPECT_GE(second->cpus, 1U);
    EXPECT_GT(second->at, first->at);
    EXPECT_EQ(second->used, 2);
    EXPECT_EQ(second->throttled, 3);
    EXPECT_FALSE(reader.read({}, 2, 3)) << "the target is gone";
}

}  // namespace
}  // namespace squall
