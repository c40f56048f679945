// The messages of a target that publishes of its own accord. They bear no marker: a message is known by what it holds,
// and counts from its first arrival at any subscriber. Pure.
//
// What holds the same is the same message until a subscriber gets it again: then it is the next one. Messages that are
// alike must be further apart than subscribers are from each other.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "suites/workload/books.hpp"
#include "suites/workload/marker.hpp"

namespace squall::workload {

class Observed {
public:
    /// Messages that are told apart, by topic.
    static constexpr std::size_t messages_max = 1'000'000;

    explicit Observed(std::vector<PublishedLog>& published) : published_(published), topics_(published.size()) {}

    /// The message with this content that is under way; with `anew`, another one like it. `first`: it begins now. Null:
    /// there have been too many. Valid until the next call.
    const Marker* find(std::uint32_t publisher, std::uint64_t content, Nanos at, bool anew, bool& first) {
        auto& topic = topics_[publisher];
        const auto found = topic.find(content);
        first = anew || found == topic.end();
        if (!first) return &found->second;
        if (published_[publisher].sent() >= messages_max) return nullptr;
        const std::uint64_t sequence = published_[publisher].send();
        published_[publisher].accept(sequence);
        return &(topic[content] = {publisher, sequence, at});
    }

private:
    std::vector<PublishedLog>& published_;
    std::vector<std::unordered_map<std::uint64_t, Marker>> topics_;  // by publisher
};

}  // namespace squall::workload
