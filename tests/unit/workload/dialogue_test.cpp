// What is said on a connection besides the messages: openings, confirmations, replies.
#include <gtest/gtest.h>

#include "rig.hpp"
#include "suites/workload/observed.hpp"

namespace squall::workload {
namespace {

using namespace test;

constexpr unsigned text = 0x81;

void talk_in_packets(Wire& wire) {
    wire.websocket.replies = {{"0", "40"}, {"2", "3"}};
    wire.websocket.confirm = "40";
    wire.websocket_publish = wire.websocket;
    wire.websocket_publish_frame = "42[\"{payload}\"]";
}

TEST(Dialogue, AWebSocketSubscriptionIsConfirmedByTheMessageThatSaysSo) {
    std::vector<std::string> said;
    std::atomic<int> answers = 0;
    std::atomic<bool> go = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        peer.frame(text, "0{\"sid\":\"x\"}");
        said.push_back(peer.read_frame().second);
        while (!go)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        peer.frame(text, "40{\"sid\":\"x\"}");
        peer.frame(text, "2");
        said.push_back(peer.read_frame().second);
        answers = 2;
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::websocket)}, server.endpoint(), {}, talk_in_packets);
    rig.workload->connect();
    ASSERT_TRUE(eventually([&] { return server.accepted() == 1; }));
    EXPECT_FALSE(rig.workload->connected()) << "the handshake alone confirms nothing";
    go = true;
    EXPECT_TRUE(eventually([&] { return rig.workload->connected(); }));
    EXPECT_TRUE(eventually([&] { return answers == 2; }));
    rig.finish();
    EXPECT_EQ(said, (std::vector<std::string>{"40", "3"}));
    EXPECT_EQ(rig.count("connects"), 1);
}

TEST(Dialogue, WhoeverWithholdsPongsWithholdsThoseThatAreMessagesToo) {
    std::vector<int> opcodes;
    std::atomic<bool> told = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        peer.frame(text, "0{}");
        opcodes.push_back(peer.read_frame().first);
        peer.frame(text, "40{}");
        peer.frame(text, "2");
        peer.frame(0x88, "");
        opcodes.push_back(peer.read_frame().first);
        told = true;
        peer.read_to_end();
    });
    Cohort silent = cohort(Protocol::websocket);
    silent.pongs = false;
    Rig rig({silent}, server.endpoint(), {}, talk_in_packets);
    ASSERT_TRUE(rig.connect()) << "what confirms the subscription is answered all the same";
    ASSERT_TRUE(rig.until_disconnects(1));
    ASSERT_TRUE(eventually([&] { return told.load(); }));
    EXPECT_EQ(opcodes, (std::vector<int>{1, 8}));
}

TEST(Dialogue, OneThatEndsBeforeItIsConfirmedIsAFailedAttempt) {
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        peer.read_frame();
        peer.frame(0x88, std::string("\x03\xF0", 2) + "not you");
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::websocket)}, server.endpoint(), {}, [](Wire& wire) {
        wire.websocket.opening = {"subscribe {topic}"};
        wire.websocket.confirm = "welcome";
    });
    rig.workload->connect();
    ASSERT_TRUE(eventually([&] { return !rig.workload->first_failure().empty(); }));
    EXPECT_EQ(rig.workload->first_failure(), "cohort c: ended before what confirms the subscription: close_1008");
    EXPECT_EQ(rig.count("handshake.failures", {{"cause", "close_1008"}}), 1);
    EXPECT_EQ(rig.count("disconnects"), 0);
}

TEST(Dialogue, AnEventStreamIsConfirmedByALine) {
    std::atomic<bool> go = false;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(true);
        peer.event("event: re");
        while (!go)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        peer.event("ady\ndata: you\n\n");
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse)}, server.endpoint(), {}, [](Wire& wire) { wire.sse_confirm = "event: ready"; });
    rig.workload->connect();
    ASSERT_TRUE(eventually([&] { return server.accepted() == 1; }));
    EXPECT_FALSE(rig.workload->connected());
    go = true;
    EXPECT_TRUE(eventually([&] { return rig.workload->connected(); }));
}

/// A plain broadcast sends a publisher its own messages too: it has to read them.
TEST(Dialogue, APublisherTalksAsASubscriberDoesAndReadsWhatComesBack) {
    std::mutex mutex;
    std::vector<std::string> said;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        peer.frame(text, "0{}");
        for (auto frame = peer.read_frame(); frame.first == 1; frame = peer.read_frame()) {
            {
                const std::lock_guard lock(mutex);
                said.push_back(frame.second);
            }
            if (frame.second == "40") peer.frame(text, "40{}");
            if (frame.second.starts_with("42")) peer.frame(text, frame.second);
        }
    });
    Rig rig({}, server.endpoint(), {[] {
                Publisher p = publisher(200);
                p.via = Protocol::websocket;
                return p;
            }()},
            talk_in_packets);
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 5; }));
    rig.workload->publish({}, 0);
    rig.finish();
    const std::lock_guard lock(mutex);
    ASSERT_GE(said.size(), 6U);
    EXPECT_EQ(said[0], "40");
    EXPECT_TRUE(said[1].starts_with("42[\"~sq1.")) << said[1];
    EXPECT_EQ(rig.count("rig.problems"), 0);
}

TEST(Dialogue, HeadersOfPublishersAreTheirsAlone) {
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse)}, server.endpoint(), {publisher(200)}, [](Wire& wire) {
        wire.publish_headers = {{"X-Key", "secret"}};
    });
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 1; }));
    rig.workload->connect();
    ASSERT_TRUE(eventually([&] { return server.heads().size() >= 2; }));
    rig.finish();
    for (const std::string& head : server.heads()) {
        EXPECT_EQ(header(head, "X-Key"), head.starts_with("POST") ? "secret" : "") << head;
    }
}

TEST(Observed, MessagesWithoutMarkersCountFromTheirFirstArrival) {
    std::atomic<int> subscribed = 0;
    std::atomic<bool> last_one_too = false;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(true);
        ++subscribed;
        const bool last = peer.number() == 2;
        while (subscribed < 3 || (last && !last_one_too))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        for (const char* data : {"data: one\n\n", "data: two\n\n", "data: three\n\n"}) {
            if (!last || std::string_view(data) != "data: two\n\n") peer.event(data);
        }
        peer.read_to_end();
    });
    Rig rig(
        {cohort(Protocol::sse, 3)}, server.endpoint(), {publisher(0, "news")}, [](Wire&) {}, true);
    ASSERT_TRUE(rig.connect());
    rig.workload->publish({"whoever"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().delivered == 6; }));
    last_one_too = true;
    ASSERT_TRUE(eventually([&] { return rig.workload->live().delivered == 8; }));
    rig.expect_books_to_balance();
    EXPECT_EQ(rig.count("messages.published", {{"publisher", "news"}}), 3);
    EXPECT_EQ(rig.count("messages.delivered"), 8);
    EXPECT_EQ(rig.count("messages.missed"), 1) << "the third subscriber has got what came behind it";
    EXPECT_EQ(rig.count("messages.duplicated"), 0);
    EXPECT_EQ(rig.distribution("delivery.latency").count(), 8U);
    EXPECT_EQ(rig.count("rig.problems"), 0);
}

TEST(Observed, ContentThatComesAgainIsTheNextMessage) {
    std::vector<PublishedLog> published(1);
    Observed observed(published);
    bool first = false;
    EXPECT_EQ(observed.find(0, 42, 100, false, first)->sequence, 0U);
    EXPECT_TRUE(first);
    EXPECT_EQ(observed.find(0, 42, 200, false, first)->scheduled, 100);
    EXPECT_FALSE(first);
    EXPECT_EQ(observed.find(0, 42, 300, true, first)->sequence, 1U);
    EXPECT_TRUE(first);
    EXPECT_EQ(published[0].accepted(), 2U);
}

}  // namespace
}  // namespace squall::workload
