// Publishers, and latency that counts from the schedule.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "rig.hpp"
#include "suites/workload/marker.hpp"

namespace squall::workload {
namespace {

using namespace test;

void answer(Peer& peer, std::string_view status) {
    peer.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 2\r\n\r\nok");
}

/// Reads a request's body; empty: the client ended.
std::string read_body(Peer& peer, const std::string& head) {
    std::string body;
    if (!head.empty()) peer.receive_exactly(body, std::stoul(header(head, "Content-Length")));
    return body;
}

TEST(Publishing, RequestsInOrderOnOneConnection) {
    std::mutex mutex;
    std::vector<std::string> bodies, requests;
    std::optional<ScriptedServer> server;
    server.emplace([&](Peer& peer, std::string head) {
        for (; !head.empty(); head = peer.read_head()) {
            const std::string body = read_body(peer, head);
            const std::lock_guard lock(mutex);
            requests.push_back(head);
            bodies.push_back(body);
            answer(peer, bodies.size() % 5 == 0 ? "429 Too Many Requests" : "202 Accepted");
        }
    });
    Publisher p = publisher(500);
    p.sizes.bytes = 200;
    Rig rig({}, server->endpoint(), {p});
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 40; }));
    rig.workload->publish({}, 0);
    rig.finish();
    EXPECT_EQ(server->accepted(), 1);
    server.reset();  // it reads what was sent last
    EXPECT_TRUE(requests.at(0).starts_with("POST /publish?topic=news HTTP/1.1\r\n"));
    MessageScan scan(run_hash("test-run"));
    std::uint64_t next = 0;
    for (const std::string& body : bodies) {
        EXPECT_EQ(body.size(), 200U);
        scan.scan(body);
        scan.complete([&](const Marker& marker) { EXPECT_EQ(marker.sequence, next++); });
    }
    EXPECT_EQ(next, bodies.size());
    EXPECT_EQ(rig.count("messages.published") + rig.count("messages.rejected"), static_cast<double>(next));
    const auto rejected = [&](const char* status) {
        return rig.count("messages.rejected", {{"status", status}, {"publisher", "p"}});
    };
    EXPECT_LE(rejected("unanswered"), 1) << "the last one, whose answer comes after the run's end";
    EXPECT_NEAR(rejected("429"), static_cast<double>(next / 5), rejected("unanswered"));
    // One each, but for those that the host interrupted.
    EXPECT_LE(rig.distribution("publish.latency").count(), next);
    EXPECT_GT(rig.distribution("publish.latency").count(), 0U);
    EXPECT_EQ(rig.distribution("rig.publish_lag").count(), next);
}

TEST(Publishing, AStalledTargetIsChargedForWhatItDelayed) {
    ScriptedServer server([](Peer& peer, std::string head) {
        bool first = true;
        for (; !head.empty(); head = peer.read_head()) {
            read_body(peer, head);
            if (std::exchange(first, false)) std::this_thread::sleep_for(std::chrono::milliseconds(400));
            answer(peer, "200 OK");
        }
    });
    Rig rig({}, server.endpoint(), {publisher(100)});
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 60; }));
    const Histogram latency = rig.distribution("publish.latency");
    // 40 messages were due while it slept, and waited 200 ms on average: a closed loop would show one slow request.
    EXPECT_GT(latency.count_above(100'000'000), 20U);
    // The rig's own share does not include that wait.
    EXPECT_LT(*rig.distribution("rig.publish_lag").quantile(0.5), 50'000'000);
}

TEST(Publishing, ReconnectsWhenTheTargetCloses) {
    ScriptedServer server([](Peer& peer, const std::string& head) {
        read_body(peer, head);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    Rig rig({}, server.endpoint(), {publisher(200)});
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 10; }));
    rig.finish();
    EXPECT_GE(rig.count("publishers.reconnects"), 9);
    EXPECT_LE(rig.count("messages.rejected"), 1) << "but for the one that was out at the end";
}

TEST(Publishing, UnansweredIsNotAccepted) {
    ScriptedServer server([](Peer& peer, const std::string& head) { read_body(peer, head); });
    Rig rig({}, server.endpoint(), {publisher(50)});
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return server.accepted() >= 4; }));
    EXPECT_EQ(rig.count("messages.published"), 0);
    EXPECT_GE(rig.count("messages.rejected", {{"status", "unanswered"}}), 3);
}

TEST(Publishing, OverWebSocket) {
    std::mutex mutex;
    std::vector<std::uint64_t> sequences;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        EXPECT_TRUE(head.starts_with("GET /ws?publish=only HTTP/1.1\r\n"));
        peer.open_websocket(head);
        MessageScan scan(run_hash("test-run"));
        for (auto frame = peer.read_frame(); frame.first == 1; frame = peer.read_frame()) {
            scan.scan(frame.second);
            const std::lock_guard lock(mutex);
            scan.complete([&](const Marker& marker) { sequences.push_back(marker.sequence); });
        }
    });
    Publisher p = publisher(500);
    p.via = Protocol::websocket;
    Rig rig({}, server.endpoint(), {p});
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 30; }));
    rig.finish();
    const std::lock_guard lock(mutex);
    ASSERT_GE(sequences.size(), 30U);
    for (std::size_t i = 0; i < sequences.size(); ++i)
        EXPECT_EQ(sequences[i], i);
}

/// The target stops reading, and what is due meanwhile goes out at once when it reads again: many messages that the one
/// connection kept waiting. The wait is the target's, of each of them.
TEST(Publishing, ABacklogBehindABlockedWebSocketIsTheTargets) {
    constexpr Nanos period = 10'000'000;  // a sanitizer makes a large message cost milliseconds
    std::atomic<bool> reading = false;
    std::mutex mutex;
    std::vector<Nanos> counts_from;  // by sequence
    std::atomic<bool> over = false;
    ScriptedServer server([&](Peer& peer, const std::string& head) {
        peer.open_websocket(head);
        while (!reading && !over)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        MessageScan scan(run_hash("test-run"));
        for (auto frame = peer.read_frame(); frame.first == 1; frame = peer.read_frame()) {
            scan.scan(frame.second);
            const std::lock_guard lock(mutex);
            scan.complete([&](const Marker& marker) { counts_from.push_back(marker.scheduled); });
        }
    });
    const std::shared_ptr<void> end_the_script(nullptr, [&](void*) { over = true; });
    Publisher p = publisher(100);
    p.via = Protocol::websocket;
    p.sizes.bytes = 128 * 1024;  // the kernel's buffers are full after some fifty
    Rig rig({}, server.endpoint(), {p});
    rig.workload->publish({"p"}, 60 * nanos_per_second);
    std::uint64_t sent = 0;
    Nanos blocked_since = 0, blocked_for = 0;
    ASSERT_TRUE(eventually([&] {
        const std::uint64_t published = rig.workload->live().published;
        const Nanos now = monotonic_now();
        if (published != std::exchange(sent, published)) blocked_since = now;
        blocked_for = now - blocked_since;
        return published > 0 && blocked_for > 800'000'000;
    }));
    const auto due = static_cast<std::size_t>(sent + blocked_for / period / 2);  // at least half of the wait's
    reading = true;
    ASSERT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return counts_from.size() > due;
    }));
    rig.finish();
    const std::lock_guard lock(mutex);
    // They were due one period after the other: what goes beyond that is what the rig thinks it was late by.
    std::vector<Nanos> lags;
    for (std::size_t i = 0; i < due; ++i)
        lags.push_back(counts_from[i] - static_cast<Nanos>(i) * period);
    const Nanos none = *std::min_element(lags.begin(), lags.end());
    const auto waited = lags.begin() + static_cast<std::ptrdiff_t>(sent) + 1;
    std::nth_element(waited, waited + (lags.end() - waited) / 2, lags.end());
    // Blamed on the rig, it would be half of the wait.
    EXPECT_LT(*(waited + (lags.end() - waited) / 2) - none, blocked_for / 4);
    EXPECT_LT(*rig.distribution("rig.publish_lag").quantile(0.5), blocked_for / 4);
}

TEST(Publishing, StopsWhatIsNotNamed) {
    ScriptedServer server([](Peer& peer, std::string head) {
        for (; !head.empty(); head = peer.read_head()) {
            read_body(peer, head);
            answer(peer, "200 OK");
        }
    });
    Rig rig({}, server.endpoint(), {publisher(300, "a"), publisher(300, "b")});
    rig.workload->publish({"a", "b"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= 20; }));
    rig.workload->publish({"b"}, nanos_per_second);
    const std::uint64_t then = rig.workload->live().published;
    ASSERT_TRUE(eventually([&] { return rig.workload->live().published >= then + 100; }));
    EXPECT_GT(rig.count("messages.published", {{"publisher", "b"}}),
              rig.count("messages.published", {{"publisher", "a"}}) + 60);
}

TEST(Delivery, LatencyCountsFromTheSchedule) {
    // The event stream is held back for 300 ms after the messages were due: several, since one may go without a latency
    // if the host interrupts the rig over it.
    constexpr int messages = 5;
    std::atomic<int> published = 0;
    std::string events;
    std::mutex mutex;
    ScriptedServer server([&](Peer& peer, std::string head) {
        if (head.starts_with("GET")) {
            peer.open_sse(true);
            while (published < messages)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            const std::lock_guard lock(mutex);
            peer.event(events);
            peer.read_to_end();
            return;
        }
        for (; !head.empty(); head = peer.read_head()) {
            const std::string body = read_body(peer, head);
            const std::lock_guard lock(mutex);
            events += "data: {\"text\":\"" + body + "\"}\n\n";
            ++published;
            answer(peer, "200 OK");
        }
    });
    Publisher once = publisher(0);
    once.arrivals.process = Arrivals::Process::burst;
    once.arrivals.burst = messages;
    once.arrivals.every = 3'600 * nanos_per_second;
    Rig rig({cohort(Protocol::sse)}, server.endpoint(), {once});
    ASSERT_TRUE(rig.connect());
    rig.workload->publish({"p"}, nanos_per_second);
    ASSERT_TRUE(eventually([&] { return rig.workload->live().delivered == messages; }));
    const Histogram latency = rig.distribution("delivery.latency");
    EXPECT_EQ(latency.count(), messages);
    ASSERT_FALSE(latency.empty());
    EXPECT_GE(latency.min(), 300'000'000);
    EXPECT_LT(latency.max(), 2 * nanos_per_second);
    EXPECT_EQ(rig.count("messages.delivered"), messages);
    rig.expect_books_to_balance();
}

}  // namespace
}  // namespace squall::workload
