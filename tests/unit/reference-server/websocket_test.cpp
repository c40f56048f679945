// What is WebSocket's own, on a whole server: pings, close frames, publishing by the client.
#include <gtest/gtest.h>

#include "live_server.hpp"

namespace squall::reference::test {
namespace {

std::string close_payload(int code, const std::string& reason) {
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + reason;
}

void expect_close(Client& client, int code, const std::string& reason) {
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->first_byte, 0x88U);
    EXPECT_EQ(frame->payload, close_payload(code, reason));
}

TEST(WebSocket, AnswersPings) {
    LiveServer server;
    Client client(server.port());
    ASSERT_TRUE(client.open_ws("a"));
    client.send_frame(0x89, "there?");
    const auto pong = client.read_frame();
    ASSERT_TRUE(pong);
    EXPECT_EQ(pong->first_byte, 0x8AU);
    EXPECT_EQ(pong->payload, "there?");
}

TEST(WebSocket, ClosesWithTheClientsCode) {
    LiveServer server;
    Client client(server.port());
    ASSERT_TRUE(client.open_ws("a"));
    client.send_frame(0x88, close_payload(1000, "bye"));
    expect_close(client, 1000, "");
    EXPECT_TRUE(client.read_to_end());
    client.close();
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"websocket\",reason=\"client_closed\"}", 1));
    server.expect_balanced_books();
}

TEST(WebSocket, WhoDoesNotAnswerAPingIsStale) {
    LiveServer server({.ping_interval = 200ms, .pong_deadline = 300ms, .close_deadline = 200ms});
    Client client(server.port());
    ASSERT_TRUE(client.open_ws("a"));
    const auto ping = client.read_frame();
    ASSERT_TRUE(ping);
    EXPECT_EQ(ping->first_byte, 0x89U);
    expect_close(client, 1011, "pong_timeout");
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"websocket\",reason=\"pong_timeout\"}", 1));
}

// The ping goes out between two messages. Its pong comes while the second one is stuck, and counts.
TEST(WebSocket, WhoAnswersBeforeTheQueueIsEmptyStays) {
    LiveServer server({.ping_interval = 200ms, .pong_deadline = 2s});
    Client client(server.port(), 4096);
    ASSERT_TRUE(client.open_ws("a"));
    const std::string large(512 << 10, 'x');
    server.publish("a", large);
    server.publish("a", large);
    std::this_thread::sleep_for(300ms);  // with an earlier ping, or a later one, the test is easier to pass
    int messages = 0;
    int pings_after_the_messages = 0;
    while (pings_after_the_messages < 2) {
        const auto frame = client.read_frame();
        ASSERT_TRUE(frame);
        ASSERT_NE(frame->first_byte, 0x88U) << "closed: " << frame->payload;
        if (frame->first_byte == 0x81U) ++messages;
        if (frame->first_byte != 0x89U) continue;
        client.send_frame(0x8A, frame->payload);
        if (messages == 1) std::this_thread::sleep_for(300ms);
        if (messages == 2) ++pings_after_the_messages;
    }
}

TEST(WebSocket, WhoAnswersStays) {
    LiveServer server({.ping_interval = 200ms, .pong_deadline = 5s});
    Client client(server.port());
    ASSERT_TRUE(client.open_ws("a"));
    for (int i = 0; i < 5; ++i) {
        const auto ping = client.read_frame();
        ASSERT_TRUE(ping);
        ASSERT_EQ(ping->first_byte, 0x89U);
        client.send_frame(0x8A, ping->payload);
    }
    EXPECT_EQ(server.metric("push_connections{protocol=\"websocket\"}"), 1);
}

TEST(WebSocket, SilenceEndsAtTheIdleTimeout) {
    LiveServer server({.ping_interval = 0ms, .idle_timeout = 300ms, .close_deadline = 200ms});
    Client client(server.port());
    ASSERT_TRUE(client.open_ws("a"));
    expect_close(client, 1000, "idle_timeout");
}

TEST(WebSocket, BrokenFramesEndTheConnection) {
    LiveServer server({.message_bytes_max = 100});
    Client unmasked(server.port());
    ASSERT_TRUE(unmasked.open_ws("a"));
    unmasked.send("\x81\x02hi");
    expect_close(unmasked, 1002, "protocol_error");
    Client big(server.port());
    ASSERT_TRUE(big.open_ws("a"));
    big.send_frame(0x81, std::string(101, 'x'));
    expect_close(big, 1009, "message_too_big");
    Client binary(server.port());
    ASSERT_TRUE(binary.open_ws("a", "&publish=1"));
    binary.send_frame(0x82, "x");
    expect_close(binary, 1003, "protocol_error");
    Client text(server.port());
    ASSERT_TRUE(text.open_ws("a", "&publish=1"));
    text.send_frame(0x81, "\xFF");
    expect_close(text, 1007, "protocol_error");
}

TEST(WebSocket, PublishesAndIsToldTheId) {
    LiveServer server;
    Client both(server.port());
    ASSERT_TRUE(both.open_ws("a", "&publish=1"));
    Client only(server.port());
    ASSERT_TRUE(only.open_ws("a", "&publish=only"));
    Client reader(server.port());
    ASSERT_TRUE(reader.open_ws("a"));
    both.send_frame(0x81, "first");
    EXPECT_EQ(reader.read_frame()->payload, "first");
    only.send_frame(0x81, "second");
    EXPECT_EQ(only.read_frame()->payload, "{\"id\":2}");
    EXPECT_EQ(reader.read_frame()->payload, "second");
    // The acknowledgement and the message itself, in either order, then the other's message.
    std::string received;
    for (int i = 0; i < 3; ++i)
        received += both.read_frame()->payload + " ";
    EXPECT_NE(received.find("first"), std::string::npos);
    EXPECT_NE(received.find("{\"id\":1}"), std::string::npos);
    EXPECT_TRUE(received.ends_with("second "));
}

TEST(WebSocket, FramesBehindTheHandshakeAreRead) {
    LiveServer server;
    Client client(server.port());
    client.send(Client::ws_request("a", "&publish=only") + std::string("\x81\x82\0\0\0\0hi", 8));
    EXPECT_TRUE(client.read_until("{\"id\":1}"));
}

TEST(WebSocket, FragmentsMakeOneMessage) {
    LiveServer server;
    Client client(server.port());
    ASSERT_TRUE(client.open_ws("a", "&publish=only"));
    Client reader(server.port());
    ASSERT_TRUE(reader.open_ws("a"));
    client.send_frame(0x01, "one ");
    client.send_frame(0x89, "");
    client.send_frame(0x80, "message");
    EXPECT_EQ(reader.read_frame()->payload, "one message");
}

}  // namespace
}  // namespace squall::reference::test
