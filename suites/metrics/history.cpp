#include "suites/metrics/history.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace squall {

std::string label(const Labels& labels, std::string_view name) {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string() : found->second;
}

std::int64_t slice_of(Nanos at) {
    // Instants before the run's start are rounded down, too, not towards zero.
    return at >= 0 ? at / slice_length : -((-at + slice_length - 1) / slice_length);
}

void History::sample(const std::string& metric, const Labels& labels, Nanos at, double value) {
    if (!std::isfinite(value)) return;
    gauges_[Key{metric, labels}].push_back({at, value + 0.0});  // -0 becomes 0, which is what a file would keep
}

void History::record(const std::string& metric, const Labels& labels, Nanos at, Nanos value) {
    distributions_[Key{metric, labels}][slice_of(at)].record(value);
}

void History::merge_slice(const std::string& metric, const Labels& labels, std::int64_t slice,
                          const Histogram& values) {
    if (values.empty()) return;
    distributions_[Key{metric, labels}][slice].merge(values);
}

void History::event(Event event) {
    if (std::isfinite(event.value)) events_.push_back(std::move(event));
}

void History::span(Span span) {
    spans_.push_back(std::move(span));
}

const Span* History::find_span(std::string_view name) const {
    const auto found = std::find_if(spans_.begin(), spans_.end(), [&](const Span& span) { return span.name == name; });
    return found == spans_.end() ? nullptr : &*found;
}

void History::sort() {
    const auto earlier = [](const auto& a, const auto& b) { return a.at < b.at; };
    std::stable_sort(events_.begin(), events_.end(), earlier);
    for (auto& [key, points] : gauges_)
        std::stable_sort(points.begin(), points.end(), earlier);
}

namespace {

namespace json = boost::json;

void append_array(json::object& into, std::string_view key, const json::object& from) {
    const json::value* source = from.if_contains(key);
    if (source == nullptr || !source->is_array()) return;
    json::value& target = into[key];
    if (!target.is_array()) target = json::array{};
    for (const json::value& element : source->as_array())
        target.as_array().push_back(element);
}

/// What must not be lost when shards are judged as one: a fault that did not bite, a rig that failed, a target that
/// died.
void merge_facts(json::object& facts, const json::object& other) {
    if (facts.empty()) {
        facts = other;
        return;
    }
    append_array(facts, "injections", other);
    const json::value* other_rig = other.if_contains("rig");
    if (other_rig != nullptr && other_rig->is_object()) {
        json::value& rig = facts["rig"];
        if (!rig.is_object()) rig = json::object{};
        append_array(rig.as_object(), "problems", other_rig->as_object());
    }
    const json::value* other_target = other.if_contains("target");
    if (other_target == nullptr || !other_target->is_object()) return;
    if (other_target->as_object().if_contains("restarts") != nullptr) {
        json::value& own = facts["target"];
        if (!own.is_object()) own = json::object{};
        append_array(own.as_object(), "restarts", other_target->as_object());
    }
    const json::value* exited = other_target->as_object().if_contains("exited");
    if (exited == nullptr || !exited->is_object()) return;
    json::value& target = facts["target"];
    if (!target.is_object()) target = json::object{};
    if (json::value& own = target.as_object()["exited"]; !own.is_object()) own = *exited;
}

}  // namespace

void History::merge(const History& other, int shard) {
    const std::string number = std::to_string(shard);
    for (const auto& [key, points] : other.gauges_) {
        Key sharded = key;
        sharded.labels["shard"] = number;
        auto& own = gauges_[std::move(sharded)];
        own.insert(own.end(), points.begin(), points.end());
    }
    for (const auto& [key, slices] : other.distributions_) {
        auto& own = distributions_[key];
        for (const auto& [slice, values] : slices)
            own[slice].merge(values);
    }
    for (Event event : other.events_) {
        event.labels["shard"] = number;
        events_.push_back(std::move(event));
    }
    for (const Span& span : other.spans_) {
        if (find_span(span.name) == nullptr) spans_.push_back(span);
    }
    merge_facts(facts_, other.facts_);
    facts_.erase("declared_log");  // each shard's counts only its own lines
    sort();
}

}  // namespace squall
