#include "suites/metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace squall {
namespace {

std::vector<Nanos> drawn(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    std::lognormal_distribution<double> latency(std::log(2e6), 1.5);
    std::vector<Nanos> values(count);
    for (Nanos& value : values)
        value = static_cast<Nanos>(latency(random));
    return values;
}

TEST(Histogram, EveryBucketHoldsItsEndAndIsNoWiderThanStated) {
    const Nanos largest = std::numeric_limits<Nanos>::max();
    const std::uint32_t last = Histogram::bucket_of(largest);
    EXPECT_EQ(last, 14335u);
    EXPECT_EQ(Histogram::upper_end(last), largest);
    Nanos begin = 0;
    for (std::uint32_t bucket = 0; bucket <= last; ++bucket) {
        const Nanos end = Histogram::upper_end(bucket);
        ASSERT_EQ(Histogram::bucket_of(begin), bucket);
        ASSERT_EQ(Histogram::bucket_of(end), bucket);
        ASSERT_LE(static_cast<double>(end - begin), static_cast<double>(begin) * Histogram::relative_error);
        if (bucket < last) begin = end + 1;
    }
}

TEST(Histogram, ValuesBelow512AreExact) {
    for (Nanos value = 0; value < 512; ++value) {
        Histogram histogram;
        histogram.record(0);
        histogram.record(value);
        EXPECT_EQ(histogram.quantile(1.0), value);
        EXPECT_EQ(Histogram::upper_end(Histogram::bucket_of(value)), value);
    }
}

TEST(Histogram, EmptyHasNoPercentile) {
    const Histogram histogram;
    EXPECT_TRUE(histogram.empty());
    EXPECT_EQ(histogram.quantile(0.5), std::nullopt);
    EXPECT_EQ(histogram.mean(), 0);
    EXPECT_EQ(histogram.max(), 0);
}

TEST(Histogram, NegativeCountsAsNought) {
    Histogram histogram;
    histogram.record(-5, 3);
    EXPECT_EQ(histogram.count(), 3u);
    EXPECT_EQ(histogram.min(), 0);
    EXPECT_EQ(histogram.sum(), 0);
}

TEST(Histogram, QuantilesAreThoseOfTheSortedValuesWithinTheStatedError) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto values = drawn(seed, 1 + seed * 37);
        Histogram histogram;
        for (const Nanos value : values)
            histogram.record(value);
        std::sort(values.begin(), values.end());
        for (const double q : {0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
            const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()) - 1e-9));
            const Nanos exact = values[std::max<std::size_t>(rank, 1) - 1];
            const Nanos found = histogram.quantile(q).value();
            EXPECT_GE(found, exact);
            EXPECT_LE(static_cast<double>(found - exact), static_cast<double>(exact) * Histogram::relative_error);
        }
        EXPECT_EQ(histogram.min(), values.front());
        EXPECT_EQ(histogram.quantile(1.0), values.back());
    }
}

TEST(Histogram, RankIsNotPushedUpByRounding) {
    Histogram histogram;
    for (Nanos value = 1; value <= 20; ++value)
        histogram.record(value);
    EXPECT_EQ(histogram.quantile(0.95), 19);
    EXPECT_EQ(histogram.quantile(0.05), 1);
}

TEST(Histogram, MergingIsExact) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Histogram whole, first, second;
        std::size_t i = 0;
        for (const Nanos value : drawn(seed, 500)) {
            whole.record(value);
            (i++ % 3 == 0 ? first : second).record(value);
        }
        Histogram merged = second;
        merged.merge(first);
        merged.merge(Histogram{});
        EXPECT_EQ(merged.buckets(), whole.buckets());
        EXPECT_EQ(merged.count(), whole.count());
        EXPECT_EQ(merged.min(), whole.min());
        EXPECT_EQ(merged.max(), whole.max());
        EXPECT_EQ(merged.sum(), whole.sum());
    }
}

TEST(Histogram, MergingIntoAnEmptyOneTakesTheOthersMinimum) {
    Histogram histogram, other;
    other.record(700);
    histogram.merge(other);
    EXPECT_EQ(histogram.min(), 700);
}

TEST(Histogram, RestoreGivesTheSameHistogram) {
    Histogram histogram;
    for (const Nanos value : drawn(7, 300))
        histogram.record(value, 2);
    const Histogram restored =
        Histogram::restore(histogram.buckets(), histogram.min(), histogram.max(), histogram.sum());
    EXPECT_EQ(restored.count(), 600u);
    EXPECT_EQ(restored.quantile(0.99), histogram.quantile(0.99));
    EXPECT_EQ(restored.mean(), histogram.mean());
    EXPECT_THROW(Histogram::restore({{3, 0}}, 3, 3, 0), std::invalid_argument);
}

TEST(Histogram, CountAboveLeavesTheLimitsOwnBucketOut) {
    Histogram histogram;
    for (const Nanos value : {10, 20, 30})
        histogram.record(value);
    EXPECT_EQ(histogram.count_above(20), 1u);
    EXPECT_EQ(histogram.count_above(19), 2u);
    EXPECT_EQ(histogram.count_above(-1), 3u);
}

}  // namespace
}  // namespace squall
