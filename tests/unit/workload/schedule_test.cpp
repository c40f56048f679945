#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "suites/workload/schedule.hpp"

namespace squall::workload {
namespace {

std::vector<Due> due_within(Schedule& schedule, Nanos end) {
    std::vector<Due> all;
    while (schedule.next_at() < end)
        all.push_back(schedule.take());
    return all;
}

Arrivals arrivals(Arrivals::Process process, double rate, double rate_end = 0) {
    Arrivals a;
    a.process = process;
    a.rate = rate;
    a.rate_end = rate_end;
    return a;
}

constexpr Nanos s = nanos_per_second;

TEST(Schedule, SameSeedSameSchedule) {
    Sizes sizes{Sizes::Distribution::lognormal, 200, 100, 4'000, 0.5};
    const auto run = [&](std::uint64_t seed, const char* name) {
        Schedule schedule(arrivals(Arrivals::Process::poisson, 1'000), sizes, seed, name);
        schedule.start(5 * s, s);
        std::vector<Nanos> all;
        for (const Due& due : due_within(schedule, 6 * s)) {
            all.push_back(due.at);
            all.push_back(due.bytes);
        }
        return all;
    };
    EXPECT_EQ(run(1, "a"), run(1, "a"));
    EXPECT_NE(run(1, "a"), run(2, "a"));
    EXPECT_NE(run(1, "a"), run(1, "b"));
}

TEST(Schedule, ConstantIsEvenAndDoesNotDrift) {
    Schedule schedule(arrivals(Arrivals::Process::constant, 3'000), {}, 1, "a");
    schedule.start(s, s);
    const std::vector<Due> all = due_within(schedule, 1'001 * s);
    EXPECT_NEAR(static_cast<double>(all.size()), 3'000'000, 1);
    EXPECT_GE(all.front().at, s);
    EXPECT_LT(all.front().at, s + s / 3'000);
    for (std::size_t i = 1; i < all.size(); i += 997)
        EXPECT_NEAR(static_cast<double>(all[i].at - all[i - 1].at), 333'333, 2);
}

TEST(Schedule, PoissonHasItsRateAndItsSpread) {
    Schedule schedule(arrivals(Arrivals::Process::poisson, 1'000), {}, 7, "a");
    schedule.start(0, s);
    const std::vector<Due> all = due_within(schedule, 100 * s);
    EXPECT_NEAR(static_cast<double>(all.size()), 100'000, 5 * 316);  // five deviations
    double square = 0;
    for (std::size_t i = 1; i < all.size(); ++i)
        square += std::pow(to_seconds(all[i].at - all[i - 1].at) * 1'000, 2);
    EXPECT_NEAR(square / static_cast<double>(all.size()), 2, 0.1);  // of an exponential with mean 1
}

TEST(Schedule, BurstsComeTogether) {
    Arrivals a;
    a.process = Arrivals::Process::burst;
    a.burst = 50;
    a.every = s / 2;
    Schedule schedule(a, {}, 1, "a");
    schedule.start(s, s);
    const std::vector<Due> all = due_within(schedule, 3 * s);
    ASSERT_EQ(all.size(), 200U);
    EXPECT_EQ(all[49].at, s);
    EXPECT_EQ(all[50].at, s + s / 2);
    EXPECT_EQ(all[199].at, 2 * s + s / 2);
}

TEST(Schedule, RampGoesFromRateToRateAndStays) {
    for (const auto& [from, to] : {std::pair{100.0, 900.0}, {900.0, 100.0}, {0.0, 1'000.0}, {500.0, 500.0}}) {
        Schedule schedule(arrivals(Arrivals::Process::ramp, from, to), {}, 1, "a");
        schedule.start(0, 10 * s);
        EXPECT_NEAR(static_cast<double>(due_within(schedule, s).size()), from + (to - from) * 0.05, 2);
        EXPECT_NEAR(static_cast<double>(due_within(schedule, 10 * s).size()),
                    (from + to) * 5 - from - (to - from) * 0.05, 3);
        EXPECT_NEAR(static_cast<double>(due_within(schedule, 12 * s).size()), 2 * to, 2) << "behind the spell";
    }
}

TEST(Schedule, NothingToPublish) {
    for (const auto process :
         {Arrivals::Process::constant, Arrivals::Process::poisson, Arrivals::Process::burst, Arrivals::Process::ramp}) {
        Schedule schedule(arrivals(process, 0), {}, 1, "a");
        EXPECT_EQ(schedule.next_at(), std::numeric_limits<Nanos>::max());
        schedule.start(0, s);
        EXPECT_EQ(schedule.next_at(), std::numeric_limits<Nanos>::max());
    }
    Schedule down(arrivals(Arrivals::Process::ramp, 100, 0), {}, 1, "a");
    down.start(0, s);
    EXPECT_NEAR(static_cast<double>(due_within(down, 100 * s).size()), 50, 1);
}

TEST(Schedule, Sizes) {
    const auto sizes_of = [](Sizes sizes) {
        Schedule schedule(arrivals(Arrivals::Process::constant, 10'000), sizes, 3, "a");
        schedule.start(0, s);
        std::vector<std::uint32_t> bytes;
        for (const Due& due : due_within(schedule, s))
            bytes.push_back(due.bytes);
        std::sort(bytes.begin(), bytes.end());
        return bytes;
    };
    const auto fixed = sizes_of({Sizes::Distribution::fixed, 128, 0, 0, 0});
    EXPECT_EQ(fixed.front(), 128U);
    EXPECT_EQ(fixed.back(), 128U);
    const auto uniform = sizes_of({Sizes::Distribution::uniform, 0, 100, 200, 0});
    EXPECT_EQ(uniform.front(), 100U);
    EXPECT_EQ(uniform.back(), 200U);
    EXPECT_NEAR(uniform[uniform.size() / 2], 150, 5);
    const auto lognormal = sizes_of({Sizes::Distribution::lognormal, 1'000, 200, 5'000, 1.0});
    EXPECT_GE(lognormal.front(), 200U);
    EXPECT_LE(lognormal.back(), 5'000U);
    EXPECT_NEAR(lognormal[lognormal.size() / 2], 1'000, 60) << "the median";
}

}  // namespace
}  // namespace squall::workload
