// Messages through sockets: what was published, what came, and that nothing is left over.
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>

#include "rig.hpp"

namespace squall::workload {
namespace {

using namespace test;

/// A push server in miniature: every accepted message goes to every subscriber, through `forward`, which decides.
class MiniServer {
public:
    using Forward = std::function<void(Peer&, std::size_t index, const std::string& payload, bool websocket)>;

    explicit MiniServer(Forward forward) : forward_(std::move(forward)) {}

    void operator()(Peer& peer, std::string head) {
        if (head.starts_with("GET")) {
            serve_subscriber(peer, head);
            return;
        }
        for (; !head.empty(); head = peer.read_head()) {
            std::string body;
            peer.receive_exactly(body, std::stoul(header(head, "Content-Length")));
            {
                const std::lock_guard lock(mutex_);
                messages_.push_back(body);
                changed_.notify_all();
            }
            peer.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
        }
    }
    void stop() {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
    }

private:
    void serve_subscriber(Peer& peer, const std::string& head) {
        const bool websocket = head.find("/ws") != std::string::npos;
        const std::string resume = header(head, "Last-Event-ID");
        std::unique_lock lock(mutex_);
        std::size_t next = resume.empty() ? messages_.size() : std::stoul(resume) + 1;
        websocket ? peer.open_websocket(head) : peer.open_sse(true);
        while (true) {
            changed_.wait(lock, [&] { return stopped_ || next < messages_.size(); });
            if (stopped_) return;
            const std::string payload = messages_[next];
            const std::size_t index = next++;
            lock.unlock();
            try {
                forward_(peer, index, payload, websocket);
            } catch (const std::out_of_range&) {  // the script's way to end the connection
                return;
            }
            lock.lock();
        }
    }

    Forward forward_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> messages_;
    bool stopped_ = false;
};

/// Before the server, which waits for its scripts, is gone.
struct StopAtEnd {
    MiniServer& server;
    ~StopAtEnd() { server.stop(); }
};

void pass_on(Peer& peer, std::size_t index, const std::string& payload, bool websocket) {
    if (websocket) {
        peer.frame(0x81, payload);
    } else {
        peer.event("id: " + std::to_string(index) + "\ndata: " + payload + "\n\n");
    }
}

/// Publishes about `messages`, and waits for what came of it to arrive.
void play(Rig& rig, std::uint64_t messages) {
    ASSERT_TRUE(rig.connect()) << rig.workload->first_failure();
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= messages; }));
    rig.workload->publish({}, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
}

TEST(Accounting, AllDelivered) {
    MiniServer mini(pass_on);
    ScriptedServer server(std::ref(mini));
    const StopAtEnd stop_at_end{mini};
    Rig rig({cohort(Protocol::sse, 3, "a"), cohort(Protocol::websocket, 3, "b")}, server.endpoint(), {publisher(200)});
    play(rig, 40);
    const double published = rig.count("messages.published");
    mini.stop();
    EXPECT_EQ(rig.count("messages.delivered", {{"cohort", "a"}, {"protocol", "sse"}}), 3 * published);
    EXPECT_EQ(rig.count("messages.delivered", {{"cohort", "b"}, {"protocol", "websocket"}}), 3 * published);
    EXPECT_EQ(rig.count("messages.expected"), 6 * published);
    EXPECT_EQ(rig.count("messages.missed") + rig.count("messages.in_flight"), 0);
    EXPECT_EQ(rig.distribution("delivery.latency").count(), static_cast<std::uint64_t>(6 * published));
    EXPECT_GT(rig.finish().gauges().size(), 0U);
}

TEST(Accounting, DropsDuplicatesAndSwaps) {
    std::string held;
    MiniServer mini([&](Peer& peer, std::size_t index, const std::string& payload, bool websocket) {
        if (index % 10 == 3) return;                                    // dropped
        if (index % 10 == 5) pass_on(peer, index, payload, websocket);  // sent twice
        if (index % 10 == 7) {                                          // sent after the next
            held = payload;
            return;
        }
        pass_on(peer, index, payload, websocket);
        if (!held.empty()) pass_on(peer, index - 1, std::exchange(held, {}), websocket);
    });
    ScriptedServer server(std::ref(mini));
    const StopAtEnd stop_at_end{mini};
    Rig rig({cohort(Protocol::websocket)}, server.endpoint(), {publisher(300)});
    play(rig, 60);
    const auto published = static_cast<std::uint64_t>(rig.count("messages.published"));
    mini.stop();
    const auto of_kind = [&](std::uint64_t digit) { return static_cast<double>((published + 9 - digit) / 10); };
    EXPECT_EQ(rig.count("messages.duplicated"), of_kind(5));
    EXPECT_NEAR(rig.count("messages.reordered"), of_kind(7), 1);
    EXPECT_NEAR(rig.count("messages.missed"), of_kind(3), 1);
    EXPECT_EQ(rig.count("messages.missed", {{"connection", "c#0.1"}}), rig.count("messages.missed"));
    rig.expect_books_to_balance();
}

TEST(Accounting, ResumeClosesTheGapOfAReconnect) {
    for (const bool resume : {true, false}) {
        std::atomic<int> cuts = 0;
        MiniServer mini([&](Peer& peer, std::size_t index, const std::string& payload, bool websocket) {
            if (index == 20 && cuts++ == 0) throw std::out_of_range("cut");
            pass_on(peer, index, payload, websocket);
        });
        ScriptedServer server(std::ref(mini));
        const StopAtEnd stop_at_end{mini};
        Cohort reconnecting = cohort(Protocol::sse);
        reconnecting.reconnect = {.policy = Reconnect::Policy::fixed, .delay = 100'000'000};
        reconnecting.last_event_id = resume;
        Rig rig({reconnecting}, server.endpoint(), {publisher(200)});
        play(rig, 80);
        const double published = rig.count("messages.published");
        mini.stop();
        EXPECT_EQ(rig.count("disconnects", {{"seen", "eof_cut"}}), 1);
        EXPECT_EQ(rig.count("connects"), 2);
        EXPECT_EQ(rig.count("messages.missed"), 0);
        rig.expect_books_to_balance();
        if (resume) {
            EXPECT_EQ(rig.count("messages.delivered"), published);
            EXPECT_EQ(rig.count("messages.in_flight"), 0);
        } else {
            EXPECT_LT(rig.count("messages.expected"), published) << "what was sent meanwhile is owed to nobody";
            EXPECT_GE(rig.count("messages.in_flight"), 1) << "the one it was cut at";
        }
    }
}

TEST(Accounting, WhatAStoppedReaderHasNotReadIsInFlight) {
    MiniServer mini(pass_on);
    ScriptedServer server(std::ref(mini));
    const StopAtEnd stop_at_end{mini};
    Cohort stopped = cohort(Protocol::sse, 1, "slow");
    stopped.reading.mode = Reading::Mode::stopped;
    Rig rig({cohort(Protocol::sse, 1, "well"), stopped}, server.endpoint(), {publisher(200)});
    play(rig, 30);
    const double published = rig.count("messages.published");
    mini.stop();
    EXPECT_EQ(rig.count("messages.delivered", {{"cohort", "well"}}), published);
    EXPECT_EQ(rig.count("messages.in_flight", {{"cohort", "slow"}}), published);
    EXPECT_EQ(rig.count("messages.missed"), 0);
    rig.expect_books_to_balance();
}

TEST(Accounting, ATailThatNeverCameIsMissed) {
    MiniServer mini([](Peer& peer, std::size_t index, const std::string& payload, bool websocket) {
        if (index < 10) pass_on(peer, index, payload, websocket);
    });
    ScriptedServer server(std::ref(mini));
    const StopAtEnd stop_at_end{mini};
    Rig rig({cohort(Protocol::websocket)}, server.endpoint(), {publisher(200)});
    play(rig, 20);
    const double published = rig.count("messages.published");
    mini.stop();
    EXPECT_EQ(rig.count("messages.missed"), published - 10);
    rig.expect_books_to_balance();
}

TEST(Accounting, ALostConnectionIsOwedNothingAfterwards) {
    std::atomic<bool> cut = false;
    MiniServer mini([&](Peer& peer, std::size_t index, const std::string& payload, bool websocket) {
        if (!cut) pass_on(peer, index, payload, websocket);
    });
    ScriptedServer server(std::ref(mini));
    const StopAtEnd stop_at_end{mini};
    Rig rig({cohort(Protocol::websocket)}, server.endpoint(), {publisher(200)});
    ASSERT_TRUE(rig.connect());
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().delivered >= 20; }));
    rig.workload->mark_lost(rig.ids());
    cut = true;
    const std::uint64_t then = rig.workload->live().published;
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= then + 50; }));
    rig.finish();
    mini.stop();
    EXPECT_EQ(rig.count("messages.missed"), 0);
    EXPECT_LT(rig.count("messages.expected"), rig.count("messages.published") - 20);
    rig.expect_books_to_balance();
}

}  // namespace
}  // namespace squall::workload
