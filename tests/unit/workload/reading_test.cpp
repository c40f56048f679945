// Slow readers, hang-ups, reconnects: what faults do to subscribers.
#include <gtest/gtest.h>

#include <sys/prctl.h>

#include "rig.hpp"

namespace squall::workload {
namespace {

using namespace test;

TEST(Reading, AStoppedReaderLeavesItInTheKernel) {
    std::atomic<bool> go = false;
    std::atomic<std::size_t> taken = 0;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(false);
        while (!go)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        taken = peer.send_until_full();
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto reached = rig.workload->set_reading(rig.ids(), {.mode = Reading::Mode::stopped}, 4'096);
    ASSERT_TRUE(reached.has_value());
    EXPECT_EQ(*reached, 1U);
    go = true;
    ASSERT_TRUE(eventually([&] { return taken > 0; }));
    ASSERT_TRUE(eventually([&] { return rig.workload->unread(rig.ids()).at(0).second > 0; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::uint32_t stuck = rig.workload->unread(rig.ids()).at(0).second;
    // The window that was open when the buffer shrank may still be used up.
    EXPECT_LT(stuck, 128U * 1024);
    ASSERT_TRUE(rig.workload->set_reading(rig.ids(), {}, 0).has_value());
    EXPECT_TRUE(eventually([&] { return rig.workload->unread(rig.ids()).at(0).second == 0; }));
    EXPECT_EQ(rig.count("disconnects"), 0);
}

TEST(Reading, AReceiveBufferSetBeforeConnectingBounds) {
    std::atomic<std::size_t> taken = 0;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(false);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        taken = peer.send_until_full();
        peer.read_to_end();
    });
    Cohort slow = cohort(Protocol::sse);
    slow.reading.mode = Reading::Mode::stopped;
    slow.receive_buffer_bytes = 2'048;
    Rig rig({slow}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    ASSERT_TRUE(eventually([&] { return taken > 0; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const auto unread = rig.workload->unread(rig.ids());
    ASSERT_EQ(unread.size(), 1U);
    EXPECT_GT(unread[0].second, 0U);
    EXPECT_LE(unread[0].second, 8'192U);
}

TEST(Reading, AStoppedReaderSeesAResetButNoEndBehindUnreadBytes) {
    std::atomic<int> step = 0;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(true);
        while (step == 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        peer.event("data: unread\n\n");
        if (peer.number() == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            peer.reset();
        } else {
            peer.send("0\r\n\r\n");
            peer.finish_writing();
            peer.read_to_end();
        }
    });
    Rig rig({cohort(Protocol::sse, 2)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    ASSERT_TRUE(rig.workload->set_reading(rig.ids(), {.mode = Reading::Mode::stopped}, 0).has_value());
    step = 1;
    ASSERT_TRUE(rig.until_disconnects(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_EQ(rig.ids().size(), 1U) << "the other one has not seen its end";
    ASSERT_TRUE(rig.workload->set_reading(rig.ids(), {}, 0).has_value());
    ASSERT_TRUE(rig.until_disconnects(2));
    EXPECT_EQ(rig.count("disconnects", {{"seen", "reset"}}), 1);
    EXPECT_EQ(rig.count("disconnects", {{"seen", "eof_clean"}}), 1);
}

TEST(Reading, ALimitedReaderKeepsItsRate) {
    ScriptedServer server([](Peer& peer, const std::string&) {
        peer.open_sse(false);
        peer.send(":" + std::string(60'000, 'x'));
        peer.read_to_end();
    });
    Cohort slow = cohort(Protocol::sse);
    slow.reading = {.mode = Reading::Mode::limited, .bytes_per_second = 20'000};
    Rig rig({slow}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    ASSERT_TRUE(eventually([&] { return rig.workload->unread(rig.ids()).at(0).second > 50'000; }));
    const Nanos start = monotonic_now();
    const std::uint32_t before = rig.workload->unread(rig.ids()).at(0).second;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const std::uint32_t after = rig.workload->unread(rig.ids()).at(0).second;
    const double rate = (before - after) / to_seconds(monotonic_now() - start);
    EXPECT_GT(rate, 5'000) << "a busy machine may delay the timers";
    EXPECT_LT(rate, 25'000);
}

TEST(Reading, StopAndGo) {
    std::atomic<bool> stop = false;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(false);
        while (!stop && peer.send(": x\n\n"))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    Cohort slow = cohort(Protocol::sse);
    slow.reading = {.mode = Reading::Mode::stop_and_go, .go = 50'000'000, .stop = 50'000'000};
    Rig rig({slow}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    bool empty = false, filled = false;
    EXPECT_TRUE(eventually([&] {
        const std::uint32_t unread = rig.workload->unread(rig.ids()).at(0).second;
        if (unread > 50) filled = true;
        if (filled && unread <= 10) empty = true;
        return empty && filled;
    }));
    stop = true;
}

TEST(Hangup, CloseResetAndReconnect) {
    std::atomic<int> closed = 0, reset = 0;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        head.find("/ws") == std::string::npos ? peer.open_sse(true) : peer.open_websocket(head);
        if (peer.number() >= 2) {
            peer.read_to_end();
            return;
        }
        if (head.find("/ws") != std::string::npos) {
            const auto [opcode, payload] = peer.read_frame();
            if (opcode == 8 && payload == std::string("\x03\xE8", 2)) ++closed;
            peer.frame(0x88, payload);
            peer.read_to_end();
        } else if (peer.read_reset()) {
            ++reset;
        }
    });
    Cohort sse = cohort(Protocol::sse, 1, "a"), websocket = cohort(Protocol::websocket, 1, "b");
    sse.reconnect = websocket.reconnect = {.policy = Reconnect::Policy::fixed, .delay = 20'000'000};
    Rig rig({sse, websocket}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto connections = rig.workload->connections("");
    ASSERT_EQ(connections.size(), 2U);
    EXPECT_EQ(connections[0].cohort, "a");
    EXPECT_EQ(rig.workload->connections("b").size(), 1U);
    EXPECT_EQ(*rig.workload->hang_up({connections[0].id}, Hangup::reset), 1U);
    EXPECT_EQ(*rig.workload->hang_up({connections[1].id}, Hangup::close), 1U);
    EXPECT_EQ(*rig.workload->hang_up({connections[1].id}, Hangup::close), 0U) << "that connection is gone";
    EXPECT_TRUE(eventually([&] { return closed == 1 && reset == 1; }));
    EXPECT_TRUE(eventually([&] { return rig.ids().size() == 2; }));
    for (const ConnectionId& id : rig.ids())
        EXPECT_EQ(id.generation, 2U);
    EXPECT_EQ(rig.count("disconnects"), 0);
    EXPECT_EQ(rig.count("hangups", {{"how", "reset"}}), 1);
    EXPECT_EQ(rig.count("hangups", {{"how", "close"}}), 3) << "one asked for, two at the end";
    EXPECT_EQ(rig.count("connects"), 4);
}

TEST(Hangup, AVanishedOneSendsNothingAndStaysAway) {
    std::atomic<bool> silent = false, over = false;
    ScriptedServer server([&](Peer& peer, const std::string&) {
        peer.open_sse(true);
        while (!over)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        silent = peer.number() != 0 || (peer.send(": still there?\n\n") && peer.read_reset());
    });
    Cohort quick = cohort(Protocol::sse);
    quick.reconnect = {.policy = Reconnect::Policy::fixed, .delay = 1'000'000};
    Rig rig({quick}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    const auto reached = rig.workload->hang_up(rig.ids(), Hangup::vanish);
    if (reached.has_error() && reached.error().system_error == EPERM) {
        over = true;
        EXPECT_EQ(rig.ids().size(), 1U) << "without the privilege it stays as it was";
        GTEST_SKIP() << reached.error().message;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(server.accepted(), 1) << "it must not come back";
    EXPECT_TRUE(rig.ids().empty());
    over = true;
    EXPECT_TRUE(eventually([&] { return silent.load(); })) << "the server's next send meets a reset, and no FIN before";
    EXPECT_EQ(rig.count("hangups", {{"how", "vanish"}}), 1);
    EXPECT_EQ(rig.count("disconnects"), 0);
}

TEST(Hangup, LostOnesAreNotClosedPolitely) {
    std::atomic<bool> quiet = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        const auto [opcode, payload] = peer.read_frame();
        quiet = opcode != 8;
    });
    Rig rig({cohort(Protocol::websocket)}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    rig.workload->mark_lost(rig.ids());
    EXPECT_EQ(rig.count("hangups", {{"how", "lost"}}), 1);
    EXPECT_TRUE(eventually([&] { return quiet.load(); }));
    EXPECT_EQ(rig.count("disconnects"), 0);
}

TEST(Reconnect, SendsTheLastEventIdAndObeysRetry) {
    ScriptedServer server([](Peer& peer, const std::string&) {
        peer.open_sse(true);
        if (peer.number() < 2) {
            peer.event("retry: 30\nid: " + std::to_string(peer.number() + 41) + "\ndata: x\n\nid: 99\ndata: cut");
            peer.send("0\r\n\r\n");
        }
        peer.read_to_end();
    });
    Cohort resuming = cohort(Protocol::sse);
    resuming.reconnect = {.policy = Reconnect::Policy::server, .delay = 60 * nanos_per_second};
    Rig rig({resuming}, server.endpoint());
    ASSERT_TRUE(rig.connect());
    ASSERT_TRUE(eventually([&] { return server.heads().size() == 3; }));
    EXPECT_EQ(header(server.heads()[0], "Last-Event-ID"), "");
    EXPECT_EQ(header(server.heads()[1], "Last-Event-ID"), "41") << "the id of the last whole event";
    EXPECT_EQ(header(server.heads()[2], "Last-Event-ID"), "42");
    const auto disconnects = rig.events("disconnects");
    ASSERT_EQ(disconnects.size(), 2U);
    EXPECT_EQ(label(disconnects[1], "connection"), "c#0.2");
}

TEST(Reconnect, BacksOffExponentiallyAndStopsWithTheLoad) {
    ScriptedServer server(
        [](Peer& peer, const std::string&) { peer.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"); });
    Cohort eager = cohort(Protocol::sse);
    eager.reconnect = {.policy = Reconnect::Policy::exponential, .delay = 10'000'000, .delay_max = 40'000'000};
    Rig rig({eager}, server.endpoint());
    const Nanos start = monotonic_now();
    rig.workload->connect();
    ASSERT_TRUE(eventually([&] { return server.accepted() >= 6; }));
    // 10 + 20 + 40 + 40 + 40 ms lie between six attempts.
    EXPECT_GE(monotonic_now() - start, 150'000'000);
    rig.workload->disconnect();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const int then = server.accepted();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_EQ(server.accepted(), then);
    EXPECT_GE(rig.count("handshake.failures", {{"cause", "http_503"}}), 5) << "the sixth may have been cut short";
}

TEST(Reconnect, LoadResumes) {
    ScriptedServer server([](Peer& peer, const std::string&) {
        peer.open_sse(true);
        peer.read_to_end();
    });
    Rig rig({cohort(Protocol::sse, 150)}, server.endpoint());  // more than are ended in one piece
    ASSERT_TRUE(rig.connect());
    rig.workload->disconnect();
    EXPECT_TRUE(rig.ids().empty());
    ASSERT_TRUE(rig.connect());
    EXPECT_EQ(rig.ids().size(), 150U);
    EXPECT_EQ(*rig.workload->set_reading(rig.ids(), {}, 0), 150U);
    EXPECT_EQ(*rig.workload->hang_up(rig.ids(), Hangup::reset), 150U);
    ASSERT_TRUE(rig.ids().empty());
    EXPECT_EQ(rig.count("connects"), 300);
    EXPECT_EQ(rig.count("hangups"), 300);
    EXPECT_EQ(rig.count("disconnects"), 0);
}

TEST(Pings, AreAnsweredUnlessToldNotTo) {
    for (const bool pongs : {true, false}) {
        std::atomic<int> answer = -2;
        ScriptedServer server([&](Peer& peer, const std::string& head) {
            peer.open_websocket(head);
            peer.frame(0x89, "are you there");
            peer.frame(0x88, "");
            const auto [opcode, payload] = peer.read_frame();
            answer = opcode;
            peer.read_to_end();
        });
        Cohort asked = cohort(Protocol::websocket);
        asked.pongs = pongs;
        Rig rig({asked}, server.endpoint());
        ASSERT_TRUE(rig.connect());
        EXPECT_TRUE(eventually([&] { return answer != -2; }));
        EXPECT_EQ(answer, pongs ? 10 : 8);
    }
}

}  // namespace
}  // namespace squall::workload
