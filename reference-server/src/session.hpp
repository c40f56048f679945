// One subscriber's (or WebSocket publisher's) connection, from the end of its handshake to the end of its socket.
//
// What both protocols share: the bounded queue, writing, deadlines, ending. The protocols differ in what they read, in
// their heartbeat and in how they say goodbye (sse_session.cpp, ws_session.cpp).
//
//   open ──drain()──▶ draining ──queue empty──▶ farewell ──written──▶ waiting_for_peer ──peer closes──▶ closed
//     └───────────────── end(reason) ──────────────▲    └── close_deadline: reset ──▶ closed
//
// The connection counts as open, in metrics and admission, until its socket is gone: what is declared and what the
// kernel's socket table shows agree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reference-server/src/bounded_queue.hpp"
#include "reference-server/src/deadline_wheel.hpp"
#include "reference-server/src/hub.hpp"
#include "reference-server/src/socket.hpp"

namespace squall::reference {

class Session : public SocketEvents, public DeadlineHook {
public:
    struct Origin {
        Socket socket;
        PeerAddress peer;
        Topic& topic;
        bool subscribes;  // false: publishes only, and is sent no messages
    };

    Session(Hub& hub, Protocol protocol, Origin origin);
    ~Session() override = default;

    // Begins the stream. `head` is the handshake's response; with `resume_after`, what the topic has kept since that
    // id comes first; `received` is what the client sent behind its request.
    void start(std::string_view head, std::optional<std::uint64_t> resume_after, std::string_view received);

    // Fan-out: puts the message in the queue, and applies the policy when that reaches the high-water mark.
    void enqueue(const MessagePtr& message);

    // Writes what the kernel takes.
    void flush();

    // Decides that the connection ends, and why: its queue is discarded, and the peer gets a farewell and
    // close_deadline to take it. Later calls have no effect: the first reason stands.
    void end(Reason reason);

    // Ends it as `drain`, once what is queued has been delivered.
    void drain();

    // Ends it now, by RST unless everything was acknowledged.
    void abort(Reason reason);

    bool open() const { return state_ == State::open || state_ == State::draining; }
    bool slow() const { return slow_; }
    const BoundedQueue& queue() const { return queue_; }

    void on_readable() final;
    void on_writable() final;
    void on_deadline(Clock::time_point now) final;

    std::size_t registry_index = 0;
    std::size_t topic_index = 0;  // the place among its topic's subscribers
    bool dirty = false;           // waits for the end of the turn

protected:
    enum class State : std::uint8_t { open, draining, farewell, waiting_for_peer, waiting_for_ack, closed };

    // Bytes from the peer, while the connection is not closed.
    virtual void consume(std::string_view bytes) = 0;
    virtual std::chrono::milliseconds heartbeat_interval() const = 0;
    virtual void heartbeat() = 0;
    virtual std::string gap_notice(std::uint64_t from, std::uint64_t to) const = 0;
    // `complete`: all that the peer was owed has been delivered. A stream that was cut must not look like a whole one.
    virtual std::string farewell(Reason reason, bool complete) const = 0;
    // After the farewell: whether to send FIN now. Otherwise consume() says so later, by finish_sending().
    virtual bool fin_after_farewell() const = 0;
    // When the peer was last heard of, for idle_timeout.
    virtual Clock::time_point last_heard(Clock::time_point now) const = 0;
    // Everything written so far has been taken by the kernel.
    virtual void on_flushed() {}

    // Bytes that are no message: heartbeats, acknowledgements. They go before queued messages.
    void send_control(std::string_view bytes);
    void finish_sending();
    void set_pong_due(Clock::time_point due);

    Hub& hub() { return hub_; }
    const Hub& hub() const { return hub_; }
    Topic& topic() { return topic_; }
    const Socket& socket() const { return socket_; }
    State state() const { return state_; }
    bool control_pending() const { return !control_.empty(); }
    Clock::time_point last_received() const { return last_received_; }
    Clock::time_point pong_due() const { return pong_due_; }

private:
    // Queue and policy (session_queue.cpp)
    void push(const MessagePtr& message);
    void make_room(std::size_t bytes);
    void become_slow();
    void recover();
    void refill();
    void discard_queue();
    void deliver_front(Clock::time_point now);

    // Writing (session_write.cpp)
    std::size_t gather(std::array<iovec, 64>& parts, std::size_t& bytes) const;
    void account(std::size_t bytes, Clock::time_point now);
    void take_from_front(std::size_t& bytes, Clock::time_point now);
    void take_from_control(std::size_t& bytes);
    void on_blocked();
    void on_unblocked();

    // Deadlines (session_deadlines.cpp)
    void start_deadlines(Clock::time_point now);
    void reschedule();
    bool close_deadline_passed(Clock::time_point now);
    bool slow_deadline_passed(Clock::time_point now);
    bool write_deadline_passed(Clock::time_point now);
    bool pong_deadline_passed(Clock::time_point now);
    bool idle_deadline_passed(Clock::time_point now);
    void heartbeat_if_due(Clock::time_point now);

    // Reading and ending (session.cpp, session_end.cpp)
    bool receive_once();
    void on_peer_ended();
    void lost(int error);
    void leave_topic();
    void begin_farewell(Reason reason);
    void farewell_written();
    void wait_for_acknowledgement();
    void finish(bool reset);
    void log_connect();
    void log_disconnect();

    Hub& hub_;
    Topic& topic_;
    Socket socket_;
    BoundedQueue queue_;
    std::string control_;
    std::size_t control_written_ = 0;

    Clock::time_point started_at_;
    Clock::time_point last_received_;
    Clock::time_point heartbeat_due_ = never;
    Clock::time_point pong_due_ = never;
    Clock::time_point write_due_ = never;
    Clock::time_point slow_due_ = never;
    Clock::time_point idle_due_ = never;
    Clock::time_point close_due_ = never;

    std::uint64_t number_;
    std::uint64_t resume_next_ = 0;  // next id to take from the replay ring; 0: live
    std::uint64_t delivered_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t undelivered_ = 0;

    PeerAddress peer_;
    const Protocol protocol_;
    State state_ = State::open;
    Reason reason_ = Reason::internal_error;
    bool subscribes_;
    bool in_topic_ = false;
    bool slow_ = false;
    bool pausing_topic_ = false;
    bool blocked_ = false;  // the kernel took less than it was given
    bool reading_paused_ = false;
};

// The two kinds. `publishes`: text messages from the client are published to the topic.
std::unique_ptr<Session> make_sse_session(Hub& hub, Session::Origin origin);
std::unique_ptr<Session> make_ws_session(Hub& hub, Session::Origin origin, bool publishes);

}  // namespace squall::reference
