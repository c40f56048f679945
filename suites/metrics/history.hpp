// The record of a run: what every judgement is made from, in memory and on disk.
//
// Three kinds of data, one for each way of aggregating:
//   gauges         sampled values over time          target.memory, connections
//   distributions  histograms in slices of 250 ms    delivery.latency, silence
//   events         things that happened, countable   disconnects, connects, messages.gap
// Each is keyed by a metric's name and labels. All instants are nanoseconds since the run's start.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/result.hpp"
#include "suites/metrics/histogram.hpp"

namespace squall {

using Labels = std::map<std::string, std::string, std::less<>>;

/// The value of the label `name`; empty where there is none.
std::string label(const Labels& labels, std::string_view name);

struct Key {
    std::string metric;
    Labels labels;
    friend auto operator<=>(const Key&, const Key&) = default;
};

struct Point {
    Nanos at = 0;
    double value = 0;
};

struct Event {
    Nanos at = 0;
    std::string metric;
    Labels labels;
    double value = 1;  ///< how many; counts add up
};

/// A phase as it was played. `end` is exclusive. The spans "run" and "load" are there as well as the scenario's own.
struct Span {
    std::string name;
    Nanos start = 0;
    Nanos end = 0;
};

inline constexpr Nanos slice_length = 250'000'000;
/// Slice number of an instant; slice 0 begins at the run's start.
std::int64_t slice_of(Nanos at);

class History {
public:
    /// A value that is no finite number (Prometheus knows NaN: "no observation yet") is no sample and is left out;
    /// likewise an event's.
    void sample(const std::string& metric, const Labels& labels, Nanos at, double value);
    /// Looks the series up by name: for a hot path, keep a Histogram a slice and hand it over with merge_slice.
    void record(const std::string& metric, const Labels& labels, Nanos at, Nanos value);
    void merge_slice(const std::string& metric, const Labels& labels, std::int64_t slice, const Histogram& values);
    void event(Event event);
    void span(Span span);

    const std::map<Key, std::vector<Point>>& gauges() const { return gauges_; }
    const std::map<Key, std::map<std::int64_t, Histogram>>& distributions() const { return distributions_; }
    const std::vector<Event>& events() const { return events_; }  ///< sorted by time once sort() was called
    const std::vector<Span>& spans() const { return spans_; }
    const Span* find_span(std::string_view name) const;

    /// Everything that is not a series: seed, versions, host, target, settings, injections with their witnesses, and
    /// what went wrong with the rig. Keys are listed in docs/reference/run-directory.md; those the judge reads, in
    /// suites/invariants/judge.hpp.
    boost::json::object& facts() { return facts_; }
    const boost::json::object& facts() const { return facts_; }

    void sort();  ///< events and gauges by time (stable)

    /// Another shard of the same scenario on the same clock: histograms add up; gauges and events are kept side by side
    /// under the label shard=N (connections are numbered by each shard for itself). Spans and facts are the first
    /// shard's, to which the others' injections and the rig's problems are added, and the target's exit.
    void merge(const History& other, int shard);

    /// Files gauges.jsonl, distributions.jsonl, events.jsonl, facts.json in `directory`, which is made if need be; the
    /// format is described in docs/reference/metrics.md. Written under a temporary name and renamed, so that a full
    /// disk leaves no half file that looks whole.
    Status save(const std::filesystem::path& directory) const;
    /// Exactly what was saved, to the last bit. Errors name file and line, and what would be right.
    static Result<History> load(const std::filesystem::path& directory);

private:
    std::map<Key, std::vector<Point>> gauges_;
    std::map<Key, std::map<std::int64_t, Histogram>> distributions_;
    std::vector<Event> events_;
    std::vector<Span> spans_;
    boost::json::object facts_;
};

}  // namespace squall
