// Pings that stay unanswered, frames that break the protocol, coming and going, connections beside the subscribers'.
#include <gtest/gtest.h>

#include <algorithm>

#include "rig.hpp"

namespace squall::workload {
namespace {

using namespace test;

TEST(Pings, AreWithheldAndAnsweredAgain) {
    std::atomic<bool> first = false, second = false;
    std::atomic<int> answer = -2;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        const auto wait_for = [](const std::atomic<bool>& go) {
            while (!go)
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
        };
        wait_for(first);
        peer.frame(0x89, "one");
        peer.frame(0x89, "two");
        wait_for(second);
        peer.frame(0x89, "three");
        const auto [opcode, payload] = peer.read_frame();
        answer = payload == "three" ? opcode : -1;
        peer.frame(0x88, "");
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::websocket)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto ids = rig.ids();
    EXPECT_TRUE(rig.workload->outcomes(ids).empty());
    EXPECT_EQ(*rig.workload->withhold_pongs(ids, true), 1U);
    first = true;
    EXPECT_TRUE(eventually([&] { return rig.workload->outcomes(ids).at(0).pings_unanswered == 2; }));
    EXPECT_EQ(rig.workload->outcomes(ids).at(0).end, "");
    EXPECT_EQ(*rig.workload->withhold_pongs(ids, false), 1U);
    second = true;
    EXPECT_TRUE(eventually([&] { return answer == 10; }));
    EXPECT_TRUE(eventually([&] { return rig.workload->outcomes(ids).at(0).end == "close_1005"; }));
    EXPECT_EQ(*rig.workload->withhold_pongs(ids, true), 0U) << "that connection is gone";
}

TEST(Pings, AreNoneOfSse) {
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(false);
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    EXPECT_FALSE(rig.workload->connections("").at(0).websocket);
    EXPECT_EQ(*rig.workload->withhold_pongs(rig.ids(), true), 0U);
}

TEST(Churn, ReconnectComesBackAtOnceWhateverThePolicy) {
    std::atomic<int> closed = 0;
    std::atomic<bool> taken = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        if (head.find("/events") == std::string::npos) {
            peer.open_websocket(head);
        } else {
            peer.open_sse(true);
            if (peer.number() < 2) {
                peer.event("id: 7\ndata: x\n\n");
                taken = peer.wait_until_taken();
            }
        }
        if (peer.read_to_end()) ++closed;
    });
    Cohort sse = cohort(Protocol::sse, 1, "a"), websocket = cohort(Protocol::websocket, 1, "b");
    sse.reconnect.policy = websocket.reconnect.policy = Reconnect::Policy::none;
    Rig rig({sse, websocket}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto ids = rig.ids();
    // The event leaves no other trace: its bytes have come, and none is left to be read.
    ASSERT_TRUE(eventually([&] {
        if (!taken) return false;
        const auto unread = rig.workload->unread(ids);
        return std::all_of(unread.begin(), unread.end(), [](const auto& one) { return one.second == 0; });
    }));
    const auto attempts = rig.workload->reconnect(ids, Hangup::close);
    ASSERT_TRUE(attempts.has_value());
    EXPECT_EQ(*attempts, (std::vector<ConnectionId>{{0, 2}, {1, 2}}));
    EXPECT_TRUE(eventually([&] { return rig.ids() == *attempts; }));
    EXPECT_TRUE(eventually([&] { return closed == 2; }));
    EXPECT_TRUE(rig.workload->reconnect(ids, Hangup::reset)->empty()) << "those connections are gone";
    const auto heads = server.heads();
    EXPECT_EQ(std::count_if(heads.begin(), heads.end(),
                            [](const std::string& head) { return header(head, "Last-Event-ID") == "7"; }),
              1)
        << "it asks for what it missed";
    rig.workload->disconnect();
    EXPECT_TRUE(rig.workload->reconnect(rig.ids(), Hangup::close)->empty());
    EXPECT_EQ(rig.count("connects"), 4);
    EXPECT_EQ(rig.count("hangups"), 4);
    EXPECT_EQ(rig.count("disconnects"), 0);
}

TEST(Raw, BytesAreWrittenAsTheyAre) {
    std::atomic<bool> right = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        std::string bytes;
        peer.receive_exactly(bytes, 7);
        right = bytes == "\x81\x05hello";
        peer.frame(0x88, "\x03\xea");  // 1002
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::websocket)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto ids = rig.ids();
    EXPECT_EQ(*rig.workload->send_raw(ids, "\x81\x05hello"), 1U);
    EXPECT_TRUE(eventually([&] { return rig.workload->outcomes(ids).at(0).end == "close_1002"; }));
    EXPECT_TRUE(right);
    EXPECT_TRUE(rig.workload->outcomes(ids).at(0).sent);
    EXPECT_EQ(*rig.workload->send_raw(ids, "x"), 0U) << "that connection is gone";
}

TEST(Raw, SentIsWhatTheKernelHasTaken) {
    std::atomic<bool> reads = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        eventually([&] { return reads.load(); });
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::websocket)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto ids = rig.ids();
    const auto sent = [&] { return rig.workload->outcomes(ids).at(0).sent; };
    const std::string much(16 * 1024 * 1024, 'x');
    EXPECT_EQ(*rig.workload->send_raw(ids, much), 1U);
    EXPECT_FALSE(sent()) << "more than all buffers on the way hold";
    reads = true;
    EXPECT_TRUE(eventually(sent));
}

TEST(Extra, OpenLikeACohortAndAreAttemptsInTheBooks) {
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(false);
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const Opening sse = rig.workload->opening(""), websocket = rig.workload->opening("websocket");
    EXPECT_EQ(sse.to, server.endpoint());
    EXPECT_FALSE(sse.websocket);
    EXPECT_EQ(sse.request.rfind("GET /events?topic=news HTTP/1.1\r\n", 0), 0U) << sse.request;
    EXPECT_TRUE(websocket.websocket);
    EXPECT_EQ(websocket.request.rfind("GET /ws?topic=news HTTP/1.1\r\n", 0), 0U) << websocket.request;
    rig.workload->book_extra("flood", true, {{0x7f000001, 4242}, {0x7f000001, 4243}});
    const auto all = rig.workload->ever_established();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].role, Established::Role::subscription);
    EXPECT_EQ(all[2].role, Established::Role::attempt);
    EXPECT_EQ(all[2].connection.local.port, 4243);
    EXPECT_EQ(connection_label(all[2].connection), "flood#1.1");
    EXPECT_EQ(rig.workload->connections("").size(), 1U);
    EXPECT_EQ(rig.count("faults.connects", {{"protocol", "websocket"}}), 2);
    EXPECT_EQ(rig.count("connects"), 1);
}

}  // namespace
}  // namespace squall::workload
