#include "reference-server/src/bounded_queue.hpp"

#include <gtest/gtest.h>

#include "reference-server/src/watermarks.hpp"

namespace squall::reference {
namespace {

MessagePtr message(std::uint64_t id, std::size_t bytes = 10) {
    return MessagePtr(new Message(id, Clock::now(), std::string(bytes, 'x')));
}

// A WebSocket frame of up to 125 bytes of payload has a head of two.
constexpr std::size_t frame_bytes = 12;

TEST(BoundedQueue, CountsMessagesAndEncodedBytes) {
    BoundedQueue queue(Protocol::websocket);
    for (std::uint64_t id = 1; id <= 20; ++id)
        queue.push(message(id));
    EXPECT_EQ(queue.messages(), 20U);
    EXPECT_EQ(queue.bytes(), 20 * frame_bytes);
    for (std::uint64_t id = 1; id <= 20; ++id)
        EXPECT_EQ(queue.pop_front()->id(), id);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST(BoundedQueue, AMessageInFlightCountsWhole) {
    BoundedQueue queue(Protocol::websocket);
    queue.push(message(1));
    queue.advance_front(5);
    EXPECT_TRUE(queue.front_in_flight());
    EXPECT_EQ(queue.messages(), 1U);
    EXPECT_EQ(queue.bytes(), frame_bytes);
}

TEST(BoundedQueue, DropsTheOldestButNeverTheOneInFlight) {
    BoundedQueue queue(Protocol::websocket);
    for (std::uint64_t id = 1; id <= 3; ++id)
        queue.push(message(id));
    queue.advance_front(5);
    EXPECT_EQ(queue.drop_oldest()->id(), 2U);
    EXPECT_EQ(queue.drop_oldest()->id(), 3U);
    EXPECT_EQ(queue.drop_oldest(), nullptr);
    EXPECT_EQ(queue.front_written(), 5U);
    EXPECT_EQ(queue.pop_front()->id(), 1U);
    EXPECT_FALSE(queue.front_in_flight());
    queue.push(message(4));
    EXPECT_EQ(queue.drop_oldest()->id(), 4U);
    EXPECT_EQ(queue.drop_oldest(), nullptr);
}

TEST(BoundedQueue, PopBackTakesTheNewest) {
    BoundedQueue queue(Protocol::sse);
    queue.push(message(1));
    queue.push(message(2));
    queue.advance_front(3);
    EXPECT_EQ(queue.pop_back()->id(), 2U);
    EXPECT_TRUE(queue.front_in_flight());
    EXPECT_EQ(queue.pop_back()->id(), 1U);
    EXPECT_FALSE(queue.front_in_flight());
    EXPECT_EQ(queue.pop_back(), nullptr);
}

TEST(BoundedQueue, HoldsReferencesNotCopies) {
    const MessagePtr shared = message(1);
    BoundedQueue a(Protocol::websocket);
    BoundedQueue b(Protocol::websocket);
    a.push(shared);
    b.push(shared);
    EXPECT_EQ(a.at(0)->encoded(Protocol::websocket).data(), b.at(0)->encoded(Protocol::websocket).data());
}

TEST(Watermarks, WhicheverComesFirst) {
    const Marks marks{.messages_high = 3, .messages_low = 1, .bytes_high = 10 * frame_bytes, .bytes_low = frame_bytes};
    BoundedQueue queue(Protocol::websocket);
    queue.push(message(1));
    queue.push(message(2));
    EXPECT_FALSE(reached_high(queue, marks));
    EXPECT_FALSE(would_exceed_high(queue, frame_bytes, marks));
    EXPECT_TRUE(would_exceed_high(queue, 9 * frame_bytes, marks));
    queue.push(message(3));
    EXPECT_TRUE(reached_high(queue, marks));
    EXPECT_TRUE(would_exceed_high(queue, frame_bytes, marks));

    BoundedQueue few_but_long(Protocol::websocket);
    few_but_long.push(message(1, 120));
    EXPECT_TRUE(reached_high(few_but_long, marks));
}

TEST(Watermarks, LowNeedsBothMarks) {
    const Marks marks{.messages_high = 3, .messages_low = 1, .bytes_high = 1000, .bytes_low = 20};
    BoundedQueue queue(Protocol::websocket);
    queue.push(message(1, 50));
    EXPECT_FALSE(fell_to_low(queue, marks));
    queue.pop_front();
    queue.push(message(2));
    EXPECT_TRUE(fell_to_low(queue, marks));
    queue.push(message(3));
    EXPECT_FALSE(fell_to_low(queue, marks));
}

TEST(Watermarks, GraceHasABoundToo) {
    const Marks marks{.messages_high = 2, .messages_low = 1, .bytes_high = 1000, .bytes_low = 20};
    BoundedQueue queue(Protocol::websocket);
    for (std::uint64_t id = 1; id <= 3; ++id)
        queue.push(message(id));
    EXPECT_FALSE(beyond_grace(queue, marks));
    queue.push(message(4));
    EXPECT_TRUE(beyond_grace(queue, marks));
}

TEST(Watermarks, EachPolicyHasItsAction) {
    Config config;
    EXPECT_EQ(at_high_mark(config), HighMarkAction::evict_now);
    config.slow_consumer_deadline = 1s;
    EXPECT_EQ(at_high_mark(config), HighMarkAction::evict_after_grace);
    config.policy = Policy::drop_oldest;
    EXPECT_EQ(at_high_mark(config), HighMarkAction::make_room);
    config.policy = Policy::pause_producer;
    EXPECT_EQ(at_high_mark(config), HighMarkAction::pause_topic);
}

}  // namespace
}  // namespace squall::reference
