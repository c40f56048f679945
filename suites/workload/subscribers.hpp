// The subscribers of all cohorts. Each speaks its protocol itself, one connection at a time:
//
//   idle -> connecting -> handshaking -> open -> (ended) -> waiting -> connecting …
//                                             \-> gone: vanished, stays away until load resumes
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "suites/workload/common.hpp"
#include "suites/workload/http.hpp"
#include "suites/workload/sse_stream.hpp"
#include "suites/workload/websocket_stream.hpp"

namespace squall::workload {

/// One subscriber. Memory counts here: see bytes_per_subscriber(). What only few need at a time is allocated.
struct Subscriber {
    enum class State : std::uint8_t { idle, waiting, connecting, handshaking, open, gone };

    struct Handshake {
        HeadReader head;
        std::string accept;  // WebSocket
        bool resumed = false;
        std::optional<std::size_t> ever;  // its place in ever_
    };
    struct Slow {
        Reading reading;
        bool going = true;  // stop_and_go
    };

    int fd = -1;
    std::uint32_t generation = 0;  // of the connection, from 1; attempts count
    std::uint32_t timer = 0;       // of the one timer a subscriber has; an older one is stale
    std::uint32_t retry_ms = 0;
    std::uint16_t cohort = 0;
    State state = State::idle;
    std::uint8_t failures = 0;  // delays since the last confirmation
    bool confirmed = false;     // since connect()
    bool lost = false;
    bool paused = false;      // EPOLLIN is off
    bool in_batches = false;  // Queue::batches watches it
    bool retry_known = false;
    bool pongs_withheld = false;  // by a fault
    std::uint8_t send_error = 0;  // errno of a send that the peer has answered with its end
    Endpoint local;
    Nanos began = 0;  // connect()
    Nanos last_byte = 0;
    std::uint32_t arrived = 0;   // messages on this connection, repeated ones included
    std::uint32_t repeated = 0;  // of these
    std::variant<std::monostate, SseStream, WebSocketStream> stream;
    std::string last_event_id;
    std::unique_ptr<tls::Session> tls;
    std::unique_ptr<Handshake> handshake;
    std::unique_ptr<std::string> unsent;
    std::unique_ptr<Slow> slow;
    std::unique_ptr<std::string> said;  // of a farewell
};

class Subscribers {
public:
    explicit Subscribers(Common& common);
    ~Subscribers();
    Subscribers(const Subscribers&) = delete;
    Subscribers& operator=(const Subscribers&) = delete;

    // The loop's thread
    void connect_all();
    void stop_load();  ///< no more connections; those that are there are ended by end_some()
    /// Ends up to `count` subscriptions politely, from `next` on. False: that was the last. A piece at a time, so that
    /// the loop is not kept from everything else. When the run is over, the books are closed with it.
    bool end_some(std::uint32_t& next, std::uint32_t count, bool the_run_is_over);
    void on_ready(Token token, std::uint32_t events);
    void on_timer(Token token);
    void on_cohort_timer(Token token);
    void sample(Nanos at);  ///< once a slice

    // The loop's thread, for faults
    std::vector<ClientConnection> connections(std::string_view cohort) const;
    Result<std::size_t> set_reading(const std::vector<ConnectionId>& ids, const Reading& reading,
                                    std::uint32_t receive_buffer_bytes);
    std::vector<std::pair<ConnectionId, std::uint32_t>> unread(const std::vector<ConnectionId>& ids) const;
    Result<std::size_t> hang_up(const std::vector<ConnectionId>& ids, Hangup how);
    std::size_t reconnect(const std::vector<ConnectionId>& ids, Hangup how, std::vector<ConnectionId>& attempts);
    std::size_t withhold_pongs(const std::vector<ConnectionId>& ids, bool withhold);
    std::size_t send_raw(const std::vector<ConnectionId>& ids, std::string_view bytes);
    std::vector<Outcome> outcomes(const std::vector<ConnectionId>& ids) const;
    Opening opening(std::string_view protocol);
    void book_extra(const std::string& fault, bool websocket, const std::vector<Endpoint>& locals);
    void mark_lost(const std::vector<ConnectionId>& ids);
    std::vector<Established> ever_established() const;

    std::uint32_t open() const;
    std::uint32_t wanted() const { return wanted_; }
    std::uint64_t delivered() const { return delivered_; }
    std::uint64_t disconnects() const { return disconnects_; }
    std::size_t bytes_per_subscriber() const;

    // Any thread
    bool connected() const { return unconfirmed_.load() == 0; }
    std::string first_failure() const;

private:
    struct CohortState {
        CohortState(const Cohort& the_cohort, std::uint32_t first_subscriber, Common& common);
        const Cohort& cohort;
        std::uint32_t first;
        std::vector<std::int16_t> slots;  // by publisher: its place among those of the topic; -1: another topic
        Books books;
        Labels labels;
        std::vector<Recorder::Id> latency, latency_at_most;  // by slot
        Recorder::Id published = 0;  // of the topic, by a target that publishes of its own accord
        Recorder::Id connect_latency, silence, connects, delivered, expected, duplicated, reordered, misrouted, foreign;
        std::uint32_t open = 0;
        std::uint32_t next = 0;  // to be connected by the ramp
        Nanos ramp_start = 0;
        std::uint32_t ramp = 0;  // a stale timer is told by it
    };
    struct Ever {
        ConnectionId id;
        Endpoint local;
        std::uint16_t cohort;
        bool confirmed;
        Nanos since;
    };
    class Sink;
    static constexpr std::size_t ever_max = 2'000'000;
    enum class Parting { close_now, linger, reset, silence };

    // subscribers.cpp: attempts
    void begin(std::uint32_t index);
    void on_connected(std::uint32_t index);
    void on_handshake(std::uint32_t index);
    void on_head(std::uint32_t index, std::string_view rest, Common::Instant arrival);
    const std::string& awaited_of(const Cohort& cohort) const;
    void confirm(std::uint32_t index, Common::Instant arrival);
    void attempt_failed(std::uint32_t index, std::string_view cause, const std::string& detail);
    void attempt_failed(std::uint32_t index, int error, const std::string& attempted);
    void retry_later(std::uint32_t index);

    // subscribers_open.cpp: an open subscription
    void on_open(std::uint32_t index, std::uint32_t events);
    void read_all(std::uint32_t index, std::uint32_t events);
    std::size_t read(std::uint32_t index, std::size_t size_max);
    void feed(std::uint32_t index, std::string_view bytes, Common::Instant arrival);
    bool send(std::uint32_t index, std::string_view bytes);  ///< false: the kernel has not taken all of it (yet)
    bool send_on_wire(std::uint32_t index, std::string_view bytes);
    bool send_records(std::uint32_t index);
    void flush(std::uint32_t index);
    void send_frame(std::uint32_t index, Opcode opcode, std::string_view payload);
    void start_reading(std::uint32_t index, const Reading& reading);
    void on_reading_timer(std::uint32_t index);
    void pause(std::uint32_t index, bool paused);
    void watch_again(std::uint32_t index);

    // subscribers_end.cpp: ends of all kinds
    void ended(std::uint32_t index, std::string_view seen, const char* detail, Parting parting);
    void ended_by_error(std::uint32_t index, int error);
    enum class Next : std::uint8_t { by_policy, at_once };
    void hang_up_one(std::uint32_t index, Hangup how, Next next = Next::by_policy);
    void say_tls_is_over(std::uint32_t index);
    void part(std::uint32_t index, Parting parting);
    Outcome* outcome_of(std::uint32_t index);  ///< null: it has not been told to break the protocol
    Labels identity(std::uint32_t index) const;
    bool resumable(const Subscriber& subscriber) const;
    bool will_resume(const Subscriber& subscriber) const;
    void close_books(std::uint32_t index);
    void settle(std::uint32_t index);
    void book_losses(CohortState& state);

    Subscriber* find(const ConnectionId& id);
    const Subscriber* find(const ConnectionId& id) const;
    Subscriber* find_websocket(const ConnectionId& id);
    std::uint32_t index_of(const Subscriber& s) const { return static_cast<std::uint32_t>(&s - subscribers_.data()); }
    CohortState& state_of(const Subscriber& subscriber) { return *cohorts_[subscriber.cohort]; }
    const CohortState& state_of(const Subscriber& subscriber) const { return *cohorts_[subscriber.cohort]; }
    Token token_of(std::uint32_t index) const;
    void arm(std::uint32_t index, Nanos when);

    Common& common_;
    std::vector<std::unique_ptr<CohortState>> cohorts_;
    std::vector<Subscriber> subscribers_;
    std::vector<Ever> ever_;
    std::vector<Established> extra_;            // by faults, beside the subscribers'
    std::map<ConnectionId, Outcome> outcomes_;  // of those that faults have told to break the protocol
    bool load_ = false;
    std::uint32_t wanted_ = 0;
    std::uint64_t delivered_ = 0;
    std::uint64_t disconnects_ = 0;
    std::uint64_t detailed_events_ = 0;
    std::size_t losers_ = 0;  // subscribers whose losses are told apart
    std::atomic<std::uint32_t> unconfirmed_;
    mutable std::mutex failure_mutex_;
    std::string first_failure_;
};

}  // namespace squall::workload
