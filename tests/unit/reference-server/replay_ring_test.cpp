#include "reference-server/src/replay_ring.hpp"

#include <gtest/gtest.h>

namespace squall::reference {
namespace {

MessagePtr message(std::uint64_t id, std::size_t bytes = 10) {
    return MessagePtr(new Message(id, Clock::now(), std::string(bytes, 'x')));
}

TEST(ReplayRing, KeepsTheLastMessages) {
    ReplayRing ring(3, 1U << 20U);
    EXPECT_EQ(ring.first_id(), 0U);
    for (std::uint64_t id = 1; id <= 5; ++id)
        ring.push(message(id));
    EXPECT_EQ(ring.messages(), 3U);
    EXPECT_EQ(ring.first_id(), 3U);
    EXPECT_EQ(ring.find(2), nullptr);
    EXPECT_EQ(ring.find(3)->id(), 3U);
    EXPECT_EQ(ring.find(5)->id(), 5U);
    EXPECT_EQ(ring.find(6), nullptr);
}

TEST(ReplayRing, IsBoundedInBytes) {
    const std::uint64_t each = message(1, 1000)->memory_bytes();
    ReplayRing ring(100, 2 * each);
    std::int64_t held = 0;
    for (std::uint64_t id = 1; id <= 9; ++id)
        held += ring.push(message(id, 1000));
    EXPECT_EQ(ring.messages(), 2U);
    EXPECT_LE(ring.bytes(), 2 * each);
    EXPECT_EQ(static_cast<std::uint64_t>(held), ring.bytes());
}

TEST(ReplayRing, AMessageBeyondTheBoundIsNotKept) {
    ReplayRing ring(100, 500);
    ring.push(message(1, 10));
    ring.push(message(2, 10'000));
    EXPECT_EQ(ring.messages(), 0U);
    EXPECT_EQ(ring.bytes(), 0U);
    ring.push(message(3, 10));
    EXPECT_EQ(ring.first_id(), 3U);
}

TEST(ReplayRing, CanBeOff) {
    ReplayRing ring(0, 1U << 20U);
    EXPECT_EQ(ring.push(message(1)), 0);
    EXPECT_EQ(ring.messages(), 0U);
    EXPECT_EQ(ring.drop_oldest(), 0U);
}

}  // namespace
}  // namespace squall::reference
