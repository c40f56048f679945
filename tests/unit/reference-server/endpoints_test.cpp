// The HTTP endpoints of a whole server: what they answer, and what they count.
#include <gtest/gtest.h>

#include "live_server.hpp"

namespace squall::reference::test {
namespace {

void expect_answer(const std::string& response, std::string_view status, std::string_view text) {
    EXPECT_EQ(response.substr(9, 3), status) << response;
    EXPECT_NE(response.find(text), std::string::npos) << response;
}

TEST(Endpoints, RefuseWithReasons) {
    LiveServer server;
    expect_answer(server.request("GET", "/nowhere"), "404", "{\"error\":\"no such path");
    expect_answer(server.request("GET", "/publish?topic=a"), "405", "Allow: POST");
    expect_answer(server.request("POST", "/events?topic=a"), "405", "Allow: GET");
    expect_answer(server.request("GET", "/events"), "400", "topic is missing");
    expect_answer(server.request("GET", "/events?topic=a%01"), "400", "control characters");
    expect_answer(server.request("GET", "/events?topic=a&last_event_id=x"), "400", "whole number");
    expect_answer(server.request("GET", "/ws?topic=a"), "400", "Upgrade: websocket");
    expect_answer(server.request("POST", "/publish", "x"), "400", "topic is missing");
    expect_answer(server.request("POST", "/publish?topic=a", "\xFF"), "400", "UTF-8");
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"not_found\"}"), 1);
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"method_not_allowed\"}"), 2);
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"bad_request\"}"), 3);
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"bad_upgrade\"}"), 1);
    EXPECT_EQ(server.metric("push_messages_rejected_total{code=\"400\"}"), 2);
    server.expect_balanced_books();
}

TEST(Endpoints, HealthAndReadiness) {
    LiveServer server;
    expect_answer(server.request("GET", "/healthz"), "200", "{\"status\":\"alive\"}");
    expect_answer(server.request("GET", "/readyz"), "200", "{\"ready\":true}");
}

TEST(Endpoints, PublishCountsUpPerTopic) {
    LiveServer server;
    EXPECT_NE(server.publish("a", "x").find("{\"id\":1}"), std::string::npos);
    EXPECT_NE(server.publish("a", "x").find("{\"id\":2}"), std::string::npos);
    EXPECT_NE(server.publish("b", "x").find("{\"id\":1}"), std::string::npos);
    EXPECT_EQ(server.metric("push_topics"), 2);
    EXPECT_EQ(server.metric("push_messages_accepted_total"), 3);
}

TEST(Endpoints, OneConnectionManyRequests) {
    LiveServer server;
    Client client(server.port());
    const std::string one = "POST /publish?topic=a HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi";
    std::string many;
    for (int i = 0; i < 500; ++i)
        many += one;
    client.send(many.substr(0, 777));  // pipelined, and cut at an odd place
    client.send(many.substr(777));
    EXPECT_TRUE(client.read_until("{\"id\":500}"));
    client.send(one);
    EXPECT_TRUE(client.read_until("{\"id\":501}"));
}

TEST(Endpoints, ContinueIsToldToWhoWaits) {
    LiveServer server;
    Client client(server.port());
    client.send("POST /publish?topic=a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_TRUE(client.read_until("100 Continue\r\n\r\n"));
    client.send("hi");
    EXPECT_TRUE(client.read_until("{\"id\":1}"));
}

TEST(Endpoints, TooMuchIsRefused) {
    LiveServer server({.message_bytes_max = 1000});
    EXPECT_EQ(server.publish_status("a", std::string(1000, 'x')), 200);
    EXPECT_EQ(server.publish_status("a", std::string(1001, 'x')), 413);
    EXPECT_EQ(server.metric("push_messages_rejected_total{code=\"413\"}"), 1);
    Client client(server.port());
    client.send("GET /events?topic=a HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n");
    EXPECT_TRUE(client.read_to_end());
    EXPECT_NE(client.received().find(" 431 "), std::string::npos);
}

TEST(Endpoints, TopicsAreBounded) {
    LiveServer server({.topics_max = 2});
    EXPECT_EQ(server.publish_status("a", "x"), 200);
    EXPECT_EQ(server.publish_status("b", "x"), 200);
    EXPECT_EQ(server.publish_status("c", "x"), 503);
    EXPECT_EQ(server.publish_status("a", "x"), 200);
}

TEST(Endpoints, ConnectionsAreBoundedAndReadinessSaysSo) {
    LiveServer server({.max_connections = 1});
    Client first(server.port());
    first.send(Client::sse_request("a"));
    ASSERT_TRUE(first.read_until("retry: 2000\n\n"));
    expect_answer(server.request("GET", "/events?topic=a"), "503", "Retry-After: 1");
    expect_answer(server.request("GET", "/readyz"), "503", "\"reason\":\"over_capacity\"");
    expect_answer(server.request("GET", "/healthz"), "200", "alive");
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"over_capacity\"}"), 1);
    first.close();
    EXPECT_TRUE(eventually([&] { return server.request("GET", "/readyz").substr(9, 3) == "200"; }));
}

TEST(Endpoints, HandshakesAreLimitedInTheirRate) {
    LiveServer server({.handshake_rate_max = 1});
    Client first(server.port());
    first.send(Client::sse_request("a"));
    ASSERT_TRUE(first.read_until("retry: 2000\n\n"));
    expect_answer(server.request("GET", "/events?topic=a"), "503", "Retry-After: 1");
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"over_rate\"}"), 1);
    expect_answer(server.request("GET", "/readyz"), "200", "true");
    EXPECT_EQ(server.publish_status("a", "x"), 200) << "only streams are limited";
}

TEST(Endpoints, HandshakesHaveADeadline) {
    LiveServer server({.handshake_deadline = 200ms});
    Client slow(server.port());
    slow.send("GET /events?to");
    EXPECT_TRUE(slow.read_to_end());
    EXPECT_NE(slow.received().find(" 408 "), std::string::npos);
    Client silent(server.port());
    EXPECT_TRUE(silent.read_to_end());
    EXPECT_EQ(server.metric("push_handshake_failures_total{cause=\"timeout\"}"), 2);
}

TEST(Endpoints, WhoLeavesEarlyIsCounted) {
    LiveServer server;
    for (int i = 0; i < 50; ++i) {
        Client client(server.port());
        if (i % 2 == 0) client.send("GET /eve");
        client.reset();
    }
    EXPECT_TRUE(server.eventually_metric("push_handshake_failures_total{cause=\"closed_early\"}", 50));
}

}  // namespace
}  // namespace squall::reference::test
