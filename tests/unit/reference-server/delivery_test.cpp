// Delivery by a whole server: subscribing, resuming, and the three policies at the high-water mark.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "live_server.hpp"

namespace squall::reference::test {
namespace {

// Small enough that a handful of messages fills the kernel's buffers of a client that does not read.
constexpr int small_receive_buffer = 4096;
const std::string big(8000, 'x');

Config stalling(Policy policy) {
    return {
        .policy = policy, .queue_messages_high = 10, .queue_messages_low = 5, .send_buffer = 4096, .slow_share_max = 1};
}

void subscribe(Client& client, const std::string& topic, const std::string& headers = {}) {
    client.send(Client::sse_request(topic, headers));
    ASSERT_TRUE(client.read_until("retry: 2000\n\n"));
}

TEST(Delivery, BothProtocolsGetTheMessage) {
    LiveServer server;
    Client sse(server.port());
    subscribe(sse, "a");
    Client websocket(server.port());
    ASSERT_TRUE(websocket.open_ws("a"));
    server.publish("a", "one\ntwo");
    server.publish("other", "not for them");
    EXPECT_TRUE(sse.read_until("id: 1\ndata: one\ndata: two\n\n"));
    const auto frame = websocket.read_frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->first_byte, 0x81U);
    EXPECT_EQ(frame->payload, "one\ntwo");
    EXPECT_EQ(server.metric("push_messages_delivered_total{protocol=\"sse\"}"), 1);
    EXPECT_EQ(server.metric("push_delivery_latency_seconds_count{protocol=\"websocket\"}"), 1);
    server.expect_balanced_books();
}

TEST(Delivery, ResumesAfterTheLastId) {
    LiveServer server({.queue_messages_high = 4, .queue_messages_low = 2});
    for (int i = 1; i <= 50; ++i)
        server.publish("a", fmt::format("m{}", i));
    Client sse(server.port());
    subscribe(sse, "a", "Last-Event-ID: 20\r\n");
    EXPECT_TRUE(sse.read_until("id: 50\ndata: m50\n"));
    EXPECT_EQ(sse.received().find("id: 20\n"), std::string::npos);
    for (int i = 21; i < 50; ++i)
        EXPECT_LT(sse.received().find(fmt::format("id: {}\n", i)), sse.received().find(fmt::format("id: {}\n", i + 1)));
    EXPECT_EQ(sse.received().find("event: gap"), std::string::npos);

    Client websocket(server.port());
    ASSERT_TRUE(websocket.open_ws("a", "&last_event_id=49"));
    server.publish("a", "live");
    EXPECT_EQ(websocket.read_frame()->payload, "m50");
    EXPECT_EQ(websocket.read_frame()->payload, "live");
    server.expect_balanced_books();
}

TEST(Delivery, WhatIsNoLongerKeptIsAnnounced) {
    LiveServer server({.replay_messages = 3});
    for (int i = 1; i <= 10; ++i)
        server.publish("a", fmt::format("m{}", i));
    Client sse(server.port());
    subscribe(sse, "a", "Last-Event-ID: 2\r\n");
    EXPECT_TRUE(sse.read_until("id: 10\n"));
    const auto gap = sse.received().find("event: gap\ndata: {\"from\":3,\"to\":7}\n\n");
    EXPECT_NE(gap, std::string::npos);
    EXPECT_LT(gap, sse.received().find("id: 8\n"));
    Client websocket(server.port());
    ASSERT_TRUE(websocket.open_ws("a", "&last_event_id=2"));
    EXPECT_EQ(websocket.read_frame()->payload, "{\"event\":\"gap\",\"from\":3,\"to\":7}");
    EXPECT_EQ(websocket.read_frame()->payload, "m8");
}

TEST(Delivery, AnIdFromBeforeARestartGetsEverything) {
    LiveServer server;
    server.publish("a", "new world");
    Client sse(server.port());
    subscribe(sse, "a", "Last-Event-ID: 4711\r\n");
    EXPECT_TRUE(sse.read_until("id: 1\ndata: new world\n"));
}

TEST(Delivery, EvictsTheSlowAndOnlyThem) {
    LiveServer server(stalling(Policy::evict));
    Client healthy(server.port());
    subscribe(healthy, "a");
    Client stalled(server.port(), small_receive_buffer);
    subscribe(stalled, "a");
    for (int i = 1; i <= 60; ++i) {
        ASSERT_EQ(server.publish_status("a", big), 200);
        ASSERT_TRUE(healthy.read_until(fmt::format("id: {}\n", i)));
    }
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"slow_consumer\"}", 1));
    EXPECT_EQ(server.metric("push_connections{protocol=\"sse\"}"), 1);
    EXPECT_EQ(server.metric("push_slow_consumers"), 0);
    EXPECT_GE(server.metric("push_messages_undelivered_total{protocol=\"sse\"}"), 10);
    server.expect_balanced_books();
}

TEST(Delivery, EvictionIsToldWithCode1013) {
    // close_deadline leaves the evicted client all the time it needs to read up to the close frame.
    Config config = stalling(Policy::evict);
    config.close_deadline = 30s;
    LiveServer server(config);
    Client websocket(server.port(), small_receive_buffer);
    ASSERT_TRUE(websocket.open_ws("a"));
    Client sse(server.port(), small_receive_buffer);
    subscribe(sse, "a");
    for (int i = 0; i < 60; ++i)
        server.publish("a", big);
    std::optional<Client::Frame> frame;
    while ((frame = websocket.read_frame()) && frame->first_byte == 0x81U)
        EXPECT_EQ(frame->payload, big);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->first_byte, 0x88U);
    EXPECT_EQ(frame->payload, "\x03\xF5slow_consumer");
    websocket.send_frame(0x88, "\x03\xF5");
    EXPECT_TRUE(websocket.read_to_end());
    EXPECT_TRUE(sse.read_to_end());
    EXPECT_TRUE(sse.received().ends_with("event: goodbye\ndata: {\"reason\":\"slow_consumer\"}\n\n\r\n"))
        << "a body that lacks messages has no last chunk";
    websocket.close();
    sse.close();
    EXPECT_TRUE(server.eventually_metric("push_connections{protocol=\"websocket\"}", 0));
    server.expect_balanced_books();
}

TEST(Delivery, GraceBeforeEvictionIsBounded) {
    Config config = stalling(Policy::evict);
    config.slow_consumer_deadline = 30s;
    config.write_deadline = 60s;
    LiveServer server(config);
    Client stalled(server.port(), small_receive_buffer);
    subscribe(stalled, "a");
    for (int i = 0; i < 60; ++i)
        ASSERT_EQ(server.publish_status("a", big), 200);
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"slow_consumer\"}", 1));
}

TEST(Delivery, GraceEndsAtItsDeadline) {
    Config config = stalling(Policy::evict);
    config.slow_consumer_deadline = 300ms;
    LiveServer server(config);
    Client stalled(server.port(), small_receive_buffer);
    subscribe(stalled, "a");
    while (server.metric("push_slow_consumers") == 0)
        ASSERT_EQ(server.publish_status("a", big), 200);
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"slow_consumer\"}", 1));
}

TEST(Delivery, DropsTheOldestAndCounts) {
    LiveServer server(stalling(Policy::drop_oldest));
    Client client(server.port(), small_receive_buffer);
    subscribe(client, "a");
    for (int i = 0; i < 100; ++i)
        ASSERT_EQ(server.publish_status("a", big), 200);
    EXPECT_EQ(server.metric("push_queue_depth{quantile=\"1\"}"), 10);
    EXPECT_EQ(server.metric("push_slow_consumers"), 1);
    const double dropped = server.metric("push_messages_dropped_total{protocol=\"sse\"}");
    EXPECT_GT(dropped, 50);
    ASSERT_TRUE(client.read_until("id: 100\n"));
    // In order, none twice, none damaged, and as many missing as were declared.
    int seen = 0;
    int last = 0;
    for (std::size_t at = 0; (at = client.received().find("\nid: ", at)) != std::string::npos; ++at) {
        const int id = std::stoi(client.received().substr(at + 5));
        EXPECT_GT(id, last);
        last = id;
        ++seen;
    }
    EXPECT_EQ(seen + static_cast<int>(dropped), 100);
    EXPECT_TRUE(server.eventually_metric("push_slow_consumers", 0));
    server.expect_balanced_books();
}

TEST(Delivery, PausesTheProducerUntilTheLowMark) {
    LiveServer server(stalling(Policy::pause_producer));
    Client client(server.port(), small_receive_buffer);
    subscribe(client, "a");
    int accepted = 0;
    while (server.publish_status("a", big) == 200)
        ASSERT_LT(++accepted, 100);
    const std::string refused = server.publish("a", big);
    EXPECT_EQ(refused.substr(9, 3), "429");
    EXPECT_NE(refused.find("Retry-After: 1"), std::string::npos);
    EXPECT_EQ(server.publish_status("other", "x"), 200);
    EXPECT_EQ(server.metric("push_queue_depth{quantile=\"1\"}"), 10);
    EXPECT_TRUE(client.read_until(fmt::format("id: {}\n", accepted)));
    EXPECT_TRUE(eventually([&] { return server.publish_status("a", "again") == 200; }));
    EXPECT_EQ(server.metric("push_messages_dropped_total{protocol=\"sse\"}"), 0);
    server.expect_balanced_books();
}

TEST(Delivery, AStuckReaderDoesNotPauseForEver) {
    Config config = stalling(Policy::pause_producer);
    config.write_deadline = 300ms;
    config.close_deadline = 100ms;
    LiveServer server(config);
    Client client(server.port(), small_receive_buffer);
    subscribe(client, "a");
    int accepted = 0;
    while (server.publish_status("a", big) == 200)
        ASSERT_LT(++accepted, 100);
    EXPECT_TRUE(eventually([&] { return server.publish_status("a", "again") == 200; }));
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"write_timeout\"}", 1));
    EXPECT_EQ(server.metric("push_write_timeouts_total"), 1);
}

TEST(Delivery, MemoryBudgetEvictsAndRefuses) {
    Config config = stalling(Policy::drop_oldest);
    config.queue_messages_high = 1000;
    config.memory_budget = 1U << 20U;
    config.queued_share_max = 0.1;
    LiveServer server(config);
    Client stalled(server.port(), small_receive_buffer);
    subscribe(stalled, "a");
    Client healthy(server.port());
    subscribe(healthy, "b");
    bool refused = false;
    bool unready = false;
    for (int i = 0; i < 100 && !refused; ++i)
        refused = server.publish_status("a", big) == 503;
    unready = server.request("GET", "/readyz").find("over_budget") != std::string::npos;
    EXPECT_TRUE(refused);
    EXPECT_TRUE(unready);
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"memory_budget\"}", 1));
    EXPECT_LE(server.metric("push_queued_bytes_held"), 0.1 * (1U << 20U));
    EXPECT_TRUE(eventually([&] { return server.publish_status("b", "again") == 200; }));
    EXPECT_TRUE(healthy.read_until("data: again"));
    server.expect_balanced_books();
}

TEST(Delivery, TooManySlowOnesGoTogether) {
    Config config = stalling(Policy::drop_oldest);
    config.slow_share_max = 0.1;
    LiveServer server(config);
    Client healthy(server.port());
    subscribe(healthy, "a");
    Client first(server.port(), small_receive_buffer);
    Client second(server.port(), small_receive_buffer);
    subscribe(first, "a");
    subscribe(second, "a");
    for (int i = 1; i <= 60; ++i) {
        ASSERT_EQ(server.publish_status("a", big), 200);
        ASSERT_TRUE(healthy.read_until(fmt::format("id: {}\n", i)));
    }
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"slow_share\"}", 2));
    EXPECT_EQ(server.metric("push_connections{protocol=\"sse\"}"), 1);
}

}  // namespace
}  // namespace squall::reference::test
