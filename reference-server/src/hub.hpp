// What all connections of one server share, and what is decided across them.
//
// Everything runs on one event loop. Fan-out touches every connection for every message; with more threads each queue,
// counter and topic would need a lock or a hand-over, and one connection's stuck write could hold a lock that others
// wait for. One loop has no locks, balances its books by construction, and delivers a few hundred thousand messages a
// second; beyond that, run more servers.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "reference-server/src/config.hpp"
#include "reference-server/src/deadline_wheel.hpp"
#include "reference-server/src/event_log.hpp"
#include "reference-server/src/metrics.hpp"
#include "reference-server/src/rate_limit.hpp"
#include "reference-server/src/registry.hpp"
#include "reference-server/src/topics.hpp"
#include "reference-server/src/watermarks.hpp"

namespace squall::reference {

class HttpConnection;
class Session;

// Sockets that may be open beyond max_connections: publishers, probes, and handshakes under way.
inline constexpr std::size_t other_sockets_max = 1024;

// What Retry-After says, and for how long the server keeps refusing after it had to shed load.
inline constexpr std::chrono::seconds retry_after{1};

struct PublishResult {
    int status = 200;  // 200, 429 or 503
    std::uint64_t id = 0;
    std::string_view refused;  // why, in one word; empty when accepted
};

class Hub {
public:
    // `request_turn_end` asks the loop to call end_of_turn() once, after what is ready now.
    Hub(const Config& settings, std::function<void()> request_turn_end);
    ~Hub();
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    const Config& config;
    const Marks marks;
    Metrics metrics;
    EventLog log;
    DeadlineWheel wheel;
    Topics topics;
    Registry<Session> sessions;
    Registry<HttpConnection> http_connections;
    RateLimit handshakes;

    // For whoever reads at the moment. A buffer parked at each connection would be most of its memory.
    std::array<char, 64 * 1024> read_buffer;

    bool draining = false;
    bool accept_paused = false;
    Clock::time_point over_budget_until{};
    Clock::time_point slow_share_until{};
    Clock::time_point lagging_until{};

    std::uint64_t next_connection_number() { return ++last_connection_number_; }

    // Accepts `payload` for the topic and puts it in all its queues, or says why not. (publish.cpp)
    PublishResult publish(Topic& topic, std::string_view payload);

    // Something of this session waits to be written: it is, at the end of the turn.
    void mark_dirty(Session& session);
    void flush_dirty();

    // Sees to it that end_of_turn() comes.
    void touch();
    void end_of_turn();

    // Called once a tick with how late the tick came.
    void tick(Clock::time_point now, Clock::duration lag);

private:
    void replay(Topic& topic, const MessagePtr& message);

    std::function<void()> request_turn_end_;
    std::vector<Session*> dirty_;
    std::vector<Session*> flushing_;
    std::uint64_t last_connection_number_ = 0;
    std::uint32_t unflushed_publishes_ = 0;
    bool turn_end_requested_ = false;
};

}  // namespace squall::reference
