// Buckets: one for each value below 512; above, every power of two is split into 256 equal ones. A bucket is thus never
// wider than 1/256 of the values in it, and 14,336 buckets cover all of int64.
#include "suites/metrics/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace squall {
namespace {

constexpr std::uint32_t exact_values = 512;
constexpr std::uint32_t buckets_per_octave = 256;
constexpr int first_octave = 9;  // 2^9 = exact_values

}  // namespace

std::uint32_t Histogram::bucket_of(Nanos value) {
    if (value < 0) return 0;
    const auto unsigned_value = static_cast<std::uint64_t>(value);
    if (unsigned_value < exact_values) return static_cast<std::uint32_t>(unsigned_value);
    const int octave = static_cast<int>(std::bit_width(unsigned_value)) - 1;
    const auto within = static_cast<std::uint32_t>(unsigned_value >> (octave - first_octave + 1)) - buckets_per_octave;
    return exact_values + static_cast<std::uint32_t>(octave - first_octave) * buckets_per_octave + within;
}

Nanos Histogram::upper_end(std::uint32_t bucket) {
    if (bucket < exact_values) return bucket;
    const std::uint32_t octave = (bucket - exact_values) / buckets_per_octave;  // above the first
    const std::uint64_t within = (bucket - exact_values) % buckets_per_octave + buckets_per_octave;
    return static_cast<Nanos>(((within + 1) << (octave + 1)) - 1);
}

void Histogram::record(Nanos value, std::uint64_t times) {
    if (times == 0) return;
    value = std::max<Nanos>(value, 0);
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = std::max(max_, value);
    buckets_[bucket_of(value)] += times;
    count_ += times;
    sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void Histogram::merge(const Histogram& other) {
    if (other.empty()) return;
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    for (const auto& [bucket, times] : other.buckets_)
        buckets_[bucket] += times;
    count_ += other.count_;
    sum_ += other.sum_;
}

double Histogram::mean() const {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
}

std::optional<Nanos> Histogram::quantile(double quantile) const {
    if (count_ == 0) return std::nullopt;
    // 0.95 * 20 must be rank 19, though the product is a hair above it.
    const double product = quantile * static_cast<double>(count_);
    const double rank = std::clamp(std::ceil(product - product * 1e-12), 1.0, static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (const auto& [bucket, times] : buckets_) {
        seen += times;
        if (static_cast<double>(seen) >= rank) return std::clamp(upper_end(bucket), min_, max_);
    }
    return max_;
}

std::uint64_t Histogram::count_above(Nanos limit) const {
    if (limit < 0) return count_;
    std::uint64_t above = 0;
    for (auto it = buckets_.upper_bound(bucket_of(limit)); it != buckets_.end(); ++it)
        above += it->second;
    return above;
}

Histogram Histogram::restore(std::map<std::uint32_t, std::uint64_t> buckets, Nanos min, Nanos max, double sum) {
    Histogram histogram;
    for (const auto& [bucket, times] : buckets)
        histogram.count_ += times;
    if (histogram.count_ == 0 && !buckets.empty()) throw std::invalid_argument("histogram: buckets without values");
    histogram.buckets_ = std::move(buckets);
    histogram.min_ = min;
    histogram.max_ = max;
    histogram.sum_ = sum;
    return histogram;
}

}  // namespace squall
