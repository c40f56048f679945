// The load generator: cohorts of SSE and WebSocket subscribers, and publishers, on one thread of their own.
//
// How it measures, and what its figures do and do not mean: docs/explanation/load-generator.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/core/result.hpp"
#include "faults/core/units.hpp"
#include "suites/metrics/history.hpp"
#include "suites/model/dialogue.hpp"
#include "suites/model/scenario.hpp"
#include "suites/tls/context.hpp"

namespace squall::workload {

/// How to talk to the target; made by suites/targets from a profile. Paths and frames hold {topic}; bodies hold
/// {payload}; a subscriber's path may also hold {last_event_id} (empty until an id has been seen).
struct Wire {
    Endpoint subscribe;          ///< where subscribers connect: the target or the proxy
    Endpoint publish;            ///< where publishers connect: the target itself
    std::string host;            ///< Host header
    std::string sse_path;        ///< "/events?topic={topic}"
    std::string websocket_path;  ///< "/ws?topic={topic}"
    std::string sse_confirm;     ///< a line that begins so confirms; empty: the response's head does
    Dialogue websocket;
    std::string websocket_subprotocol;  ///< empty: none
    std::string publish_method = "POST";
    std::string publish_path;  ///< "/publish?topic={topic}"
    std::string publish_body = "{payload}";
    std::string publish_content_type = "application/octet-stream";
    std::string websocket_publish_path;  ///< "/ws?topic={topic}&publish=only"
    std::string websocket_publish_frame = "{payload}";
    Dialogue websocket_publish;
    std::vector<std::pair<std::string, std::string>> publish_headers;  ///< to HTTP requests that publish
    std::vector<std::pair<std::string, std::string>> headers;          ///< to every request
    std::shared_ptr<const tls::Context> tls;                           ///< null: plain
};

struct Plan {
    std::vector<Cohort> cohorts;
    std::vector<Publisher> publishers;
    /// The target publishes of its own accord. Of publishers there is one a topic, and only its name and topic count.
    bool observe = false;
    Wire wire;
    std::string run_id;
    std::uint64_t seed = 1;
    Nanos origin = 0;  ///< CLOCK_MONOTONIC of the run's start; everything recorded counts from here
    std::function<Status()> on_thread_start;  ///< called first on the loop's thread (enters a namespace, pins a CPU)
};

/// What the terminal shows while it runs.
struct Live {
    std::uint32_t open = 0;  ///< subscribed now
    std::uint32_t wanted = 0;
    std::uint64_t delivered = 0;  ///< since the start
    std::uint64_t published = 0;  ///< accepted by the target
    std::uint64_t disconnects = 0;
    Nanos p99 = 0;    ///< delivery latency over about the last second; 0: none
    double rate = 0;  ///< deliveries per second over about the last second
};

/// A TCP connection to the target (or the proxy) that was made for a subscriber or a publisher, whatever became of it.
struct Established {
    enum class Role : std::uint8_t { attempt, subscription, publisher };  ///< attempt: never confirmed
    ClientConnection connection;  ///< of a publisher: its name in the cohort's place, and its number
    Nanos since = 0;              ///< connect() was called
    Role role = Role::subscription;
};

/// What the label `connection` says of a subscriber's connection: "<cohort>#<subscriber>.<generation>". Subscribers are
/// numbered from 0 through all cohorts, in the plan's order.
std::string connection_label(const ClientConnection& connection);

class Workload : public Clients {
public:
    /// Spawns the loop's thread; nothing connects yet. Errors: on_thread_start failed; epoll or eventfd cannot be had;
    /// more than 1,000,000 subscribers or 64 publishers.
    static Result<std::unique_ptr<Workload>> start(Plan plan);

    /// Opens every cohort at its connect rate. Again after disconnect(): load resumes, vanished subscribers included.
    virtual void connect() = 0;
    /// Every wanted subscriber has been confirmed at least once since connect().
    virtual bool connected() const = 0;
    /// Why the first connection attempt that failed did, with the peer's status line if it was HTTP; empty: none did.
    virtual std::string first_failure() const = 0;
    /// From now on exactly these publish (names); `spell` is the length of the phase, for ramps. What was scheduled
    /// before and is still waiting for the target is sent all the same: dropping it would hide the wait.
    virtual void publish(const std::vector<std::string>& publishers, Nanos spell) = 0;
    /// Ends all subscriptions politely, stops reconnecting, and ends publishing (what waits is counted as unsent).
    virtual void disconnect() = 0;
    virtual Live live() const = 0;
    /// Every connection that was ever established: the subscribers', then the publishers', each in order of time. The
    /// first 2,000,000 and 100,000.
    virtual std::vector<Established> ever_established() const = 0;
    /// Stops the thread, closes what is open, and hands over everything recorded. Later calls add nothing.
    virtual void finish(History& into) = 0;
    /// User memory that an idle subscriber holds, its share of all tables included.
    virtual std::size_t bytes_per_subscriber() const = 0;
};

}  // namespace squall::workload
