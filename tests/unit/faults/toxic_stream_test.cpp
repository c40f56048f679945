#include "faults/proxy/toxic_stream.hpp"

#include <gtest/gtest.h>

#include <map>

namespace squall::proxy {
namespace {

constexpr Nanos ms = 1'000'000;

/// Plays a stream against a clock of its own: when which bytes left.
class Played {
public:
    explicit Played(const Toxic& toxic, std::uint64_t seed = 1) : stream(seed) { stream.treat(toxic, 0); }

    /// Lets everything leave that is due until `until`, as soon as it is.
    void run(Nanos until) {
        while (const auto next = stream.next()) {
            if (*next > until) return;
            now = std::max(now, *next);
            if (stream.may_end(now) || stream.over(now)) return;
            const std::string text(stream.due(now));
            ASSERT_FALSE(text.empty()) << "due at " << now;
            gone[now] += text;
            kept = std::max(kept, stream.left(text.size(), now));
        }
    }
    void take(const char* text, Nanos at) {
        run(at - 1);
        now = at;
        stream.take(text, at);
    }
    std::string text() const {
        std::string all;
        for (const auto& [at, piece] : gone)
            all += piece;
        return all;
    }

    ToxicStream stream;
    Nanos now = 0, kept = 0;
    std::map<Nanos, std::string> gone;
};

using Gone = std::map<Nanos, std::string>;

TEST(ToxicStream, WithoutTreatmentBytesAreDueAsTheyCome) {
    Played played({});
    played.take("now", 5 * ms);
    played.run(5 * ms);
    EXPECT_EQ(played.gone, (Gone{{5 * ms, "now"}}));
    EXPECT_EQ(played.kept, 0);
}

TEST(ToxicStream, LatencyKeepsEveryByteAsLong) {
    Played played({.latency = 20 * ms});
    played.take("one", 0);
    played.take("two", 7 * ms);
    played.run(1000 * ms);
    EXPECT_EQ(played.gone, (Gone{{20 * ms, "one"}, {27 * ms, "two"}}));
    EXPECT_EQ(played.kept, 20 * ms);
}

TEST(ToxicStream, JitterKeepsOrderAndIsTheSameForTheSameSeed) {
    const auto play = [](std::uint64_t seed) {
        Played played({.latency = 5 * ms, .jitter = 50 * ms}, seed);
        for (char c = 'a'; c <= 'z'; ++c)
            played.take(std::string(1, c).c_str(), (c - 'a') * ms);
        played.run(1000 * ms);
        return played;
    };
    const Played one = play(7);
    EXPECT_EQ(one.text(), "abcdefghijklmnopqrstuvwxyz");
    EXPECT_GT(one.kept, 5 * ms);
    EXPECT_LE(one.kept, 80 * ms) << "55 ms, and the ones before";
    EXPECT_EQ(play(7).gone, one.gone);
    EXPECT_NE(play(8).gone, one.gone);
}

TEST(ToxicStream, ARateIsKeptAndIdleTimeNotSavedUp) {
    Played played({.rate = 1000});
    const std::string second(1000, 'x');
    played.take(second.c_str(), 0);
    played.run(900 * ms);
    EXPECT_NEAR(static_cast<double>(played.text().size()), 900, 20);
    played.run(5000 * ms);
    played.take(second.c_str(), 5000 * ms);
    played.run(5500 * ms);
    EXPECT_NEAR(static_cast<double>(played.text().size()), 1500, 20);
    EXPECT_GT(played.kept, 400 * ms);
}

TEST(ToxicStream, SlicesIntoPiecesWithAPauseBetween) {
    Played played({.piece = 2, .gap = 3 * ms});
    played.take("abcde", ms);
    played.run(1000 * ms);
    EXPECT_EQ(played.gone, (Gone{{1 * ms, "ab"}, {4 * ms, "cd"}, {7 * ms, "e"}}));
}

TEST(ToxicStream, HoldsBackUntilThereIsEnough) {
    Played played({.hold = 6});
    played.take("abc", 0);
    played.run(1000 * ms);
    EXPECT_TRUE(played.gone.empty());
    EXPECT_EQ(played.stream.next(), std::nullopt);
    played.take("def", 2000 * ms);
    played.run(2000 * ms);
    EXPECT_EQ(played.gone, (Gone{{2000 * ms, "abcdef"}}));
    EXPECT_EQ(played.kept, 2000 * ms);
}

TEST(ToxicStream, HoldsBackNoLongerThanTold) {
    Played played({.hold = 100, .hold_max = 30 * ms});
    played.take("abc", 10 * ms);
    played.take("d", 20 * ms);
    played.run(1000 * ms);
    EXPECT_EQ(played.gone, (Gone{{40 * ms, "abcd"}}));
}

TEST(ToxicStream, NothingWaitsForCompanyBehindTheEnd) {
    Played played({.hold = 100});
    played.take("abc", 0);
    played.stream.end(5 * ms);
    played.run(1000 * ms);
    EXPECT_EQ(played.text(), "abc");
    EXPECT_EQ(played.stream.held(), 0U);
}

TEST(ToxicStream, AnEndLingersBehindTheLastByte) {
    Played played({.latency = 10 * ms, .linger = 50 * ms});
    played.take("bye", 0);
    played.stream.end(0);
    played.run(40 * ms);
    EXPECT_EQ(played.gone, (Gone{{10 * ms, "bye"}}));
    EXPECT_FALSE(played.stream.may_end(49 * ms));
    EXPECT_EQ(played.stream.next(), 50 * ms);
    EXPECT_TRUE(played.stream.may_end(50 * ms));
    played.stream.treat({}, 45 * ms);
    EXPECT_TRUE(played.stream.may_end(45 * ms)) << "healed";
}

TEST(ToxicStream, ATimeoutLosesBytesAndIsOverInTime) {
    Played played({.loses = true, .close_after = 100 * ms});
    EXPECT_FALSE(played.stream.lossy());
    played.take("lost", 10 * ms);
    EXPECT_EQ(played.stream.held(), 0U);
    EXPECT_TRUE(played.stream.lossy());
    EXPECT_FALSE(played.stream.over(99 * ms));
    EXPECT_EQ(played.stream.next(), 100 * ms);
    played.stream.treat({.latency = 1, .loses = true, .close_after = 100 * ms}, 50 * ms);
    EXPECT_TRUE(played.stream.over(100 * ms)) << "another toxic beside it does not wind the clock again";
    played.stream.treat({}, 60 * ms);
    EXPECT_FALSE(played.stream.over(1000 * ms));
    EXPECT_EQ(played.stream.next(), std::nullopt);
}

TEST(ToxicStream, AQuotaMayCloseTheConnection) {
    Played played({.quota = 3, .close_at_quota = true});
    played.take("abcdef", 0);
    played.run(ms);
    EXPECT_EQ(played.text(), "abc");
    EXPECT_TRUE(played.stream.over(0));
}

TEST(ToxicStream, PiecesVaryAsFarAsTheyMay) {
    Played played({.piece = 5, .spread = 3, .gap = 1});
    played.take(std::string(1000, 'x').c_str(), 0);
    played.run(1000 * ms);
    ASSERT_EQ(played.text().size(), 1000U);
    std::map<std::size_t, int> sizes;
    for (const auto& [at, piece] : played.gone)
        ++sizes[piece.size()];
    EXPECT_EQ(sizes.size(), 7U) << "2 to 8";
    EXPECT_GE(sizes.begin()->first, 1U) << "but for the last";
    EXPECT_LE(sizes.rbegin()->first, 8U);
}

TEST(ToxicStream, WhatIsHeldLeavesAtOnceWhenTheTreatmentIsLifted) {
    for (const Toxic& toxic :
         {Toxic{.latency = 1000 * ms}, Toxic{.hold = 100}, Toxic{.rate = 1}, Toxic{.piece = 1, .gap = 1000 * ms}}) {
        Played played(toxic);
        played.take("abcdef", 0);
        played.run(10 * ms);
        played.now = 20 * ms;
        played.stream.treat({}, 20 * ms);
        played.run(20 * ms);
        EXPECT_EQ(played.text(), "abcdef");
        EXPECT_EQ(played.stream.held(), 0U);
    }
}

TEST(ToxicStream, AQuotaIsKeptToTheByte) {
    Played played({.quota = 4});
    played.take("abc", 0);
    played.run(0);
    EXPECT_FALSE(played.stream.quota_used());
    played.take("def", ms);
    played.run(1000 * ms);
    EXPECT_EQ(played.text(), "abcd");
    EXPECT_TRUE(played.stream.quota_used());
    EXPECT_EQ(played.stream.next(), std::nullopt);
    played.stream.treat({}, 2000 * ms);
    played.run(2000 * ms);
    EXPECT_EQ(played.text(), "abcdef");
}

TEST(ToxicStream, PartOfWhatIsDueMayLeave) {
    ToxicStream stream(1);
    stream.treat({.latency = ms}, 0);
    stream.take("abc", 0);
    stream.take("def", 0);
    EXPECT_EQ(stream.due(ms), "abcdef");
    stream.left(4, ms);
    EXPECT_EQ(stream.due(ms), "ef");
    EXPECT_EQ(stream.held(), 2U);
}

TEST(Toxic, TogetherDelaysAddUpAndTheStricterLimitHolds) {
    const Toxic both = together({.latency = 5, .rate = 100, .piece = 7, .gap = 2, .hold = 10, .hold_max = 3},
                                {.latency = 6, .jitter = 1, .rate = 50, .piece = 9, .gap = 1, .hold = 20});
    EXPECT_EQ(both, (Toxic{.latency = 11, .jitter = 1, .rate = 50, .piece = 7, .gap = 2, .hold = 20, .hold_max = 0}));
    EXPECT_EQ(together({}, {.rate = 50}), (Toxic{.rate = 50}));
}

}  // namespace
}  // namespace squall::proxy
