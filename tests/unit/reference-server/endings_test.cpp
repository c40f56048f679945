// How connections end on a whole server, and what is left of them.
#include <gtest/gtest.h>

#include "live_server.hpp"

namespace squall::reference::test {
namespace {

void subscribe(Client& client, const std::string& topic) {
    client.send(Client::sse_request(topic));
    ASSERT_TRUE(client.read_until("retry: 2000\n\n"));
}

TEST(Endings, TheClientsOwnAreToldApart) {
    LiveServer server;
    Client closes(server.port());
    subscribe(closes, "a");
    Client resets(server.port());
    subscribe(resets, "a");
    closes.close();
    resets.reset();
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"client_closed\"}", 1));
    EXPECT_TRUE(server.eventually_metric("push_disconnects_total{protocol=\"sse\",reason=\"client_reset\"}", 1));
    EXPECT_EQ(server.metric("push_connections{protocol=\"sse\"}"), 0);
    server.expect_balanced_books();
}

TEST(Endings, ChurnLeavesNothing) {
    LiveServer server;
    const auto churn = [&](int rounds) {
        for (int i = 0; i < rounds; ++i) {
            Client client(server.port());
            client.send(i % 2 == 0 ? Client::sse_request("a") : Client::ws_request("a"));
            if (i % 3 != 0) client.read_until("\r\n\r\n");
            if (i % 5 == 0) client.reset();
        }
        EXPECT_TRUE(server.eventually_metric("push_connections{protocol=\"sse\"}", 0));
        EXPECT_TRUE(server.eventually_metric("push_connections{protocol=\"websocket\"}", 0));
    };
    churn(50);
    // The test's own descriptors are counted too: the difference is what counts.
    const double before = server.metric("process_open_fds");
    churn(200);
    EXPECT_TRUE(eventually([&] { return server.metric("process_open_fds") <= before; }));
    server.expect_balanced_books();
}

TEST(Endings, HeartbeatsComeWhileNothingElseDoes) {
    LiveServer server({.heartbeat_interval = 200ms});
    Client client(server.port());
    subscribe(client, "a");
    EXPECT_TRUE(client.read_until(": heartbeat\n\n\r\nd\r\n: heartbeat\n\n"));
}

TEST(Endings, DrainSaysGoodbyeAndStops) {
    LiveServer server;
    Client sse(server.port());
    subscribe(sse, "a");
    Client websocket(server.port());
    ASSERT_TRUE(websocket.open_ws("a"));
    Client idle(server.port());
    idle.send("GET /healthz HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(idle.read_until("alive"));
    server.drain();
    EXPECT_TRUE(sse.read_to_end());
    EXPECT_TRUE(sse.received().ends_with("event: goodbye\ndata: {\"reason\":\"drain\"}\n\n\r\n0\r\n\r\n"));
    sse.close();
    const auto frame = websocket.read_frame();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload,
              "\x03\xE9"
              "drain");
    websocket.send_frame(0x88, "\x03\xE9");
    EXPECT_TRUE(websocket.read_to_end());
    websocket.close();
    EXPECT_TRUE(server.wait_stopped());
}

TEST(Endings, DrainDeliversWhatIsQueuedAndRefusesMore) {
    Config config{.policy = Policy::drop_oldest, .send_buffer = 4096, .slow_share_max = 1};
    config.drain_deadline = 60s;
    LiveServer server(config);
    Client client(server.port(), 4096);
    subscribe(client, "a");
    const std::string big(8000, 'x');
    for (int i = 0; i < 30; ++i)
        server.publish("a", big);
    Client prober(server.port());
    prober.send("GET /healthz HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(prober.read_until("alive"));
    server.drain();
    EXPECT_TRUE(eventually([&] { return server.request("GET", "/readyz").find("\"draining\"") != std::string::npos; }));
    EXPECT_EQ(server.publish_status("a", "late"), 503);
    EXPECT_EQ(server.request("GET", "/events?topic=a").substr(9, 3), "503");
    EXPECT_TRUE(client.read_to_end());
    EXPECT_NE(client.received().find("id: 30\n"), std::string::npos);
    EXPECT_TRUE(client.received().ends_with("{\"reason\":\"drain\"}\n\n\r\n0\r\n\r\n"));
    client.close();
    EXPECT_TRUE(server.wait_stopped());
}

TEST(Endings, DrainDoesNotWaitForTheStuck) {
    Config config{.policy = Policy::drop_oldest, .send_buffer = 4096, .slow_share_max = 1};
    config.drain_deadline = 500ms;
    config.close_deadline = 200ms;
    LiveServer server(config);
    Client client(server.port(), 4096);
    subscribe(client, "a");
    for (int i = 0; i < 30; ++i)
        server.publish("a", std::string(8000, 'x'));
    server.drain();
    EXPECT_TRUE(server.wait_stopped());
    EXPECT_FALSE(client.read_to_end());  // cut, and not made to look complete
    EXPECT_FALSE(client.received().ends_with("0\r\n\r\n"));
}

TEST(Endings, AStoppedServerCanBeDestroyedWithConnectionsOpen) {
    std::unique_ptr<Client> left;
    {
        LiveServer server;
        left = std::make_unique<Client>(server.port());
        subscribe(*left, "a");
    }
    EXPECT_FALSE(left->read_to_end());
}

}  // namespace
}  // namespace squall::reference::test
