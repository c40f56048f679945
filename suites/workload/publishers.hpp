// The publishers. Open loop: what is due is due, whether or not the target has answered the message before; it waits in
// the backlog then, and its latency goes on counting from the instant it was scheduled.
//
// Over HTTP: one keep-alive connection, one request outstanding, so that a publisher's messages keep their order. Over
// WebSocket: one text frame a message, accepted once the kernel has it, as most servers do not acknowledge.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "suites/workload/common.hpp"
#include "suites/workload/http.hpp"
#include "suites/workload/rig_lag.hpp"
#include "suites/workload/schedule.hpp"
#include "suites/workload/websocket_stream.hpp"

namespace squall::workload {

class Publishers {
public:
    /// Messages of one publisher that wait for the target. What comes on top is counted as unsent, and is a problem of
    /// the rig: the scenario publishes more than it can be judged by.
    static constexpr std::size_t backlog_max = 100'000;
    static constexpr std::size_t ever_max = 100'000;

    explicit Publishers(Common& common);
    ~Publishers();
    Publishers(const Publishers&) = delete;
    Publishers& operator=(const Publishers&) = delete;

    void publish(const std::vector<std::string>& names, Nanos spell);
    /// Nothing more is sent; an answer that is still due is waited for, then the connection is closed.
    void stop();
    /// The end of the run: what has not been answered by now is unanswered.
    void settle();

    void on_ready(Token token, std::uint32_t events);
    void on_timer(Token token);

    std::uint64_t accepted() const { return accepted_; }
    const std::vector<Established>& ever_established() const { return ever_; }

private:
    struct Outlet {
        enum class State : std::uint8_t { closed, connecting, handshaking, ready };

        Outlet(const Publisher& the_publisher, Common& common);

        const Publisher& publisher;
        Schedule schedule;
        Recorder::Id latency, published, connects, reconnects, unsent_messages;
        bool scheduling = false;
        bool closing = false;  // stop() was called while an answer was due
        std::uint32_t schedule_timer = 0;
        std::deque<Due> backlog;

        State state = State::closed;
        int fd = -1;
        Nanos began = 0;  // connect() was called
        std::uint32_t generation = 0;
        std::uint32_t deadline_timer = 0;
        bool ever_ready = false;  // connected before: another time is a reconnection
        bool answered = false;    // this connection has been of use
        Nanos free_at = 0;        // since when it could have sent
        RigLag rig_lag;
        std::unique_ptr<tls::Session> tls;
        std::string unsent;  // as it goes on the wire

        // HTTP: the one request that is outstanding
        bool outstanding = false;
        Due due;
        Nanos counts_from = 0;  // what its latency is measured from
        std::uint64_t sequence = 0;
        HeadReader head;
        std::optional<BodyReader> body;

        // WebSocket
        std::string accept;
        std::optional<WebSocketStream> stream;
        struct Written {
            std::uint64_t sequence;
            std::uint64_t end;  // in the bytes written on this connection
        };
        std::uint64_t written = 0;
        std::deque<Written> unacknowledged;
        std::optional<std::uint64_t> half_written;  // its frame is not all with the kernel yet

        bool over_http() const { return publisher.via == Protocol::sse; }
        bool busy() const { return outstanding || half_written.has_value(); }
    };
    enum Timer : std::uint32_t { schedule_due, deadline };
    class Sink;

    // publishers.cpp: the schedule and the connection
    void on_schedule(std::uint32_t index);
    void pump(std::uint32_t index);
    void begin(std::uint32_t index);
    void on_connected(std::uint32_t index);
    void ready(std::uint32_t index, Nanos since);
    void lost(std::uint32_t index, std::string_view why);
    void close(std::uint32_t index);
    void arm(std::uint32_t index, Timer timer, Nanos when);
    void watch_again(std::uint32_t index);
    bool write(std::uint32_t index, std::string_view bytes);
    bool write_on_wire(std::uint32_t index, std::string_view bytes);
    static std::string sealed(Outlet& outlet, std::string_view bytes);  ///< as they go on the wire
    bool flush(std::uint32_t index);
    Token token_of(std::uint32_t index) const { return {Token::Kind::publisher, index, outlets_[index]->generation}; }

    // publishers_wire.cpp: messages and answers
    void send_next(std::uint32_t index);
    void take_instant(Outlet& outlet, Nanos now);
    void check_instant(std::uint32_t index, Nanos began);
    void send_over_http(std::uint32_t index, const std::string& payload);
    void send_over_websocket(std::uint32_t index, const std::string& payload, std::uint64_t sequence);
    void on_readable(std::uint32_t index);
    bool on_tls(std::uint32_t index, int error);
    void on_response(std::uint32_t index, std::string_view bytes, Nanos at);
    void on_answer(std::uint32_t index, Nanos at);
    void on_websocket(std::uint32_t index, std::string_view bytes, Nanos at);
    bool say(std::uint32_t index, const std::string& frames);
    void accept(Outlet& outlet, std::uint64_t sequence, Nanos at);
    void reject(Outlet& outlet, const std::string& status, Nanos at, std::uint64_t messages = 1);
    void forget_acknowledged(Outlet& outlet);
    void withdraw_unacknowledged(Outlet& outlet);

    Common& common_;
    std::vector<std::unique_ptr<Outlet>> outlets_;  // by publisher
    std::vector<Established> ever_;
    Recorder::Id publish_lag_;
    std::uint64_t accepted_ = 0;
};

}  // namespace squall::workload
