// A StreamSink that notes what it is told, for the parsers' tests.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "suites/workload/stream.hpp"

namespace squall::workload::test {

inline constexpr std::uint32_t run = 0xC0FFEE01;

inline std::string marker_text(std::uint64_t sequence, std::uint32_t of_run = run) {
    std::string text(marker_length, ' ');
    write_marker(of_run, {7, sequence, 1'000 + static_cast<Nanos>(sequence)}, text.data());
    return text;
}

struct RecordingSink final : StreamSink {
    void on_marker(const Marker& marker) override {
        EXPECT_EQ(marker.publisher, 7U);
        sequences.push_back(marker.sequence);
    }
    void on_foreign(std::uint32_t markers) override { foreign += markers; }
    void on_beginning(std::string_view text) override { beginnings.emplace_back(text); }
    void on_content(std::uint64_t hash) override { contents.push_back(hash); }
    void on_event_id(std::string_view id) override { ids.emplace_back(id); }
    void on_retry(std::uint32_t ms) override { retries.push_back(ms); }
    void on_said(std::string_view reason) override { said.emplace_back(reason); }
    void on_ping(std::string_view payload) override { pings.emplace_back(payload); }
    void on_close(std::uint16_t code, std::string_view reason) override {
        close_code = code;
        close_reason = reason;
    }

    std::vector<std::uint64_t> sequences;
    std::uint32_t foreign = 0;
    std::vector<std::string> ids, said, pings, beginnings;
    std::vector<std::uint64_t> contents;
    std::vector<std::uint32_t> retries;
    int close_code = 0;
    std::string close_reason;

    friend bool operator==(const RecordingSink& a, const RecordingSink& b) {
        return a.sequences == b.sequences && a.foreign == b.foreign && a.ids == b.ids && a.said == b.said &&
               a.pings == b.pings && a.beginnings == b.beginnings && a.contents == b.contents &&
               a.retries == b.retries && a.close_code == b.close_code && a.close_reason == b.close_reason;
    }
};

/// Feeds `wire` in pieces of the sizes that `next_size` gives, until the parser wants no more.
template <class Parser, class NextSize>
Progress feed_in_pieces(Parser& parser, std::string_view wire, StreamSink& sink, NextSize next_size) {
    Progress progress;
    while (!wire.empty() && progress.state == Progress::State::open) {
        const std::size_t size = std::min<std::size_t>(next_size(), wire.size());
        progress = parser.feed(wire.substr(0, size), sink);
        wire.remove_prefix(size);
    }
    return progress;
}

/// Whole, byte by byte, at every single split, and at random ones: the outcome has to be the same.
template <class MakeParser>
RecordingSink parse_every_way(MakeParser make, std::string_view wire, Progress::State wanted) {
    RecordingSink whole;
    auto parser = make();
    const Progress progress = parser.feed(wire, whole);
    EXPECT_EQ(progress.state, wanted) << (progress.why ? progress.why : "");
    {
        RecordingSink sink;
        auto bytewise = make();
        EXPECT_EQ(feed_in_pieces(bytewise, wire, sink, [] { return 1; }).state, wanted);
        EXPECT_EQ(sink, whole) << "byte by byte";
    }
    for (std::size_t split = 1; split < std::min<std::size_t>(wire.size(), 600); ++split) {
        RecordingSink sink;
        auto split_parser = make();
        bool first = true;
        const auto next = [&] { return std::exchange(first, false) ? split : wire.size(); };
        EXPECT_EQ(feed_in_pieces(split_parser, wire, sink, next).state, wanted);
        EXPECT_EQ(sink, whole) << "split at " << split;
    }
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        RecordingSink sink;
        auto random_parser = make();
        EXPECT_EQ(feed_in_pieces(random_parser, wire, sink, [&] { return 1 + random() % 40; }).state, wanted);
        EXPECT_EQ(sink, whole) << "random round " << round;
    }
    return whole;
}

}  // namespace squall::workload::test
