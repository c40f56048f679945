#include "suites/workload/recorder.hpp"

#include <algorithm>

namespace squall::workload {

void DenseHistogram::record(Nanos value, std::uint32_t bucket) {
    if (bucket >= buckets_max) {
        beyond_.record(value);
        ++count_;
        return;
    }
    if (!counts_) counts_ = std::make_unique<std::uint32_t[]>(buckets_max);
    const bool first = highest_ < lowest_;
    ++counts_[bucket];
    ++count_;
    lowest_ = std::min(lowest_, bucket);
    highest_ = std::max(highest_, bucket);
    min_ = first ? value : std::min(min_, value);
    max_ = first ? value : std::max(max_, value);
    sum_ += static_cast<double>(value);
}

Histogram DenseHistogram::take() {
    std::map<std::uint32_t, std::uint64_t> buckets;
    for (std::uint32_t bucket = lowest_; bucket <= highest_; ++bucket) {
        if (counts_[bucket] == 0) continue;
        buckets.emplace_hint(buckets.end(), bucket, counts_[bucket]);
        counts_[bucket] = 0;
    }
    Histogram taken;
    if (!buckets.empty()) taken = Histogram::restore(std::move(buckets), min_, max_, sum_);
    taken.merge(beyond_);
    beyond_ = {};
    lowest_ = buckets_max;
    highest_ = 0;
    count_ = 0;
    min_ = max_ = 0;
    sum_ = 0;
    return taken;
}

Recorder::Id Recorder::distribution(const std::string& metric, const Labels& labels) {
    const auto [found, fresh] =
        distribution_ids_.try_emplace(Key{metric, labels}, static_cast<Id>(distributions_.size()));
    if (fresh) distributions_.emplace_back().key = found->first;
    return found->second;
}

Recorder::Id Recorder::counter(const std::string& metric, const Labels& labels) {
    const auto [found, fresh] = counter_ids_.try_emplace(Key{metric, labels}, static_cast<Id>(counters_.size()));
    if (fresh) counters_.emplace_back().key = found->first;
    return found->second;
}

void Recorder::record(Id id, Nanos at, Nanos value) {
    value = std::max<Nanos>(value, 0);
    Distribution& distribution = distributions_[id];
    const std::int64_t slice = at / slice_length;
    const std::size_t half = static_cast<std::size_t>(slice & 1);
    if (slice < distribution.slices[half]) {  // read late: its slice has been handed over
        history_.record(distribution.key.metric, distribution.key.labels, at, value);
        return;
    }
    if (slice > distribution.slices[half]) {
        flush(distribution, half);
        distribution.slices[half] = slice;
    }
    distribution.values[half].record(value, Histogram::bucket_of(value));
}

void Recorder::flush(Distribution& distribution, std::size_t half) {
    if (distribution.values[half].empty()) return;
    history_.merge_slice(distribution.key.metric, distribution.key.labels, distribution.slices[half],
                         distribution.values[half].take());
}

void Recorder::count(Id id, Nanos at, std::uint64_t how_many) {
    Counter& counter = counters_[id];
    const std::int64_t slice = at / slice_length;
    if (slice > counter.slice) {  // earlier ones are counted in the slice that is being filled
        flush(counter);
        counter.slice = slice;
        counter.at = at;
    }
    counter.value += how_many;
}

void Recorder::flush(Counter& counter) {
    if (counter.value == 0) return;
    history_.event({counter.at, counter.key.metric, counter.key.labels, static_cast<double>(counter.value)});
    counter.value = 0;
}

void Recorder::delivered(Nanos latency) {
    latency = std::max<Nanos>(latency, 0);
    current_.record(latency, Histogram::bucket_of(latency));
}

Recorder::LastSecond Recorder::last_second() {
    recent_[turn_++ % recent_slices] = current_.take();
    Histogram second;
    for (const Histogram& slice : recent_)
        second.merge(slice);
    return {second.quantile(0.99).value_or(0), second.count(), static_cast<int>(std::min(turn_, recent_slices))};
}

void Recorder::hand_over(History& into) {
    for (Distribution& distribution : distributions_) {
        for (const std::size_t half : {0U, 1U})
            flush(distribution, half);
    }
    for (Counter& counter : counters_)
        flush(counter);
    for (const auto& [key, slices] : history_.distributions()) {
        for (const auto& [slice, values] : slices)
            into.merge_slice(key.metric, key.labels, slice, values);
    }
    for (const auto& [key, points] : history_.gauges()) {
        for (const Point& point : points)
            into.sample(key.metric, key.labels, point.at, point.value);
    }
    for (const Event& event : history_.events())
        into.event(event);
    history_ = {};
}

}  // namespace squall::workload
