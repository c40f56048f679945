// Latency histogram with a stated error, after HdrHistogram: logarithmic ranges, each split into equal buckets.
// A recorded value is off by at most 1/256 (0.4 %) of itself; values below 512 ns are exact. Merging is exact.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "faults/core/units.hpp"

namespace squall {

class Histogram {
public:
    static constexpr double relative_error = 1.0 / 256;

    void record(Nanos value, std::uint64_t times = 1);  ///< negative values count as 0
    void merge(const Histogram& other);

    std::uint64_t count() const { return count_; }
    bool empty() const { return count_ == 0; }
    Nanos min() const { return min_; }  ///< exact; 0 when empty
    Nanos max() const { return max_; }  ///< exact; 0 when empty
    double mean() const;                ///< 0 when empty; from sums that are exact up to 2^53 ns (104 days of latency)

    /// Smallest bucket's upper end such that at least `quantile` (0..1] of the values are at or below it; never above
    /// max(), never below min(). No value when empty: an empty sample has no percentile.
    std::optional<Nanos> quantile(double quantile) const;

    /// Values above `limit`, bucket-wise: those in the limit's own bucket are not counted.
    std::uint64_t count_above(Nanos limit) const;

    static std::uint32_t bucket_of(Nanos value);
    static Nanos upper_end(std::uint32_t bucket);

    const std::map<std::uint32_t, std::uint64_t>& buckets() const { return buckets_; }
    /// From disk: the count is the buckets' sum; min, max and sum are taken as given. Throws std::invalid_argument for
    /// buckets that hold nothing.
    static Histogram restore(std::map<std::uint32_t, std::uint64_t> buckets, Nanos min, Nanos max, double sum);
    double sum() const { return sum_; }

private:
    std::map<std::uint32_t, std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    Nanos min_ = 0;
    Nanos max_ = 0;
    double sum_ = 0;
};

}  // namespace squall
