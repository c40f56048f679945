// Where the loop's thread puts what it measures: dense arrays for the two slices that are being filled, turned into the
// History's sparse ones when a slice is over. Recording a value costs an array increment.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "suites/metrics/history.hpp"

namespace squall::workload {

/// One slice of one distribution. Buckets are Histogram's; values past the last are kept apart.
class DenseHistogram {
public:
    void record(Nanos value, std::uint32_t bucket);
    bool empty() const { return count_ == 0; }
    /// Hands over what was recorded, and starts anew.
    Histogram take();
    static constexpr std::uint32_t buckets_max = 512 + 256 * 30;  // up to about 9 minutes

private:
    std::unique_ptr<std::uint32_t[]> counts_;  // made with the first value
    Histogram beyond_;
    std::uint32_t lowest_ = buckets_max, highest_ = 0;
    std::uint64_t count_ = 0;
    Nanos min_ = 0, max_ = 0;
    double sum_ = 0;
};

class Recorder {
public:
    using Id = std::uint32_t;

    /// Handles for what is recorded often. The same metric and labels give the same handle.
    Id distribution(const std::string& metric, const Labels& labels);
    Id counter(const std::string& metric, const Labels& labels);

    void record(Id distribution, Nanos at, Nanos value);
    /// Adds up to one event a slice, which bears the instant of the first.
    void count(Id counter, Nanos at, std::uint64_t how_many = 1);

    /// Directly into the history: what is rare.
    void event(Event event) { history_.event(std::move(event)); }
    void sample(const std::string& metric, const Labels& labels, Nanos at, double value) {
        history_.sample(metric, labels, at, value);
    }

    /// A delivery, for the terminal's last second.
    void delivered(Nanos latency);
    struct LastSecond {
        Nanos p99 = 0;
        std::uint64_t deliveries = 0;
        int slices = 0;
    };
    /// To be called once a slice.
    LastSecond last_second();

    /// Everything so far is added to `into`, and forgotten here.
    void hand_over(History& into);

private:
    struct Distribution {
        Key key;
        std::array<std::int64_t, 2> slices{-1, -1};
        std::array<DenseHistogram, 2> values;
    };
    struct Counter {
        Key key;
        std::int64_t slice = -1;
        Nanos at = 0;
        std::uint64_t value = 0;
    };
    void flush(Distribution& distribution, std::size_t half);
    void flush(Counter& counter);

    std::vector<Distribution> distributions_;
    std::vector<Counter> counters_;
    std::map<Key, Id> distribution_ids_, counter_ids_;
    History history_;
    static constexpr std::size_t recent_slices = 4;
    std::array<Histogram, recent_slices> recent_;
    DenseHistogram current_;
    std::size_t turn_ = 0;
};

}  // namespace squall::workload
