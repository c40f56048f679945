// The subscribers' side of a run, as faults see it. The workload implements it.
#pragma once

#include <netinet/in.h>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall {

/// IPv4 in host byte order.
struct Endpoint {
    std::uint32_t address = 0;
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
std::string to_string(const Endpoint& endpoint);  ///< "198.18.0.2:4242"
Result<Endpoint> parse_endpoint(std::string_view text);

/// One TCP connection of one subscriber. `generation` counts the subscriber's connections from 1.
struct ConnectionId {
    std::uint32_t subscriber = 0;
    std::uint32_t generation = 0;

    friend auto operator<=>(const ConnectionId&, const ConnectionId&) = default;
};

struct ClientConnection {
    ConnectionId id;
    std::string cohort;
    Endpoint local;          ///< the subscriber's end
    Endpoint remote;         ///< the target's listener, or the proxy's
    bool websocket = false;  ///< else SSE
};

/// What came of a connection since it was first told to break the protocol.
struct Outcome {
    ConnectionId id;
    std::uint32_t pings_unanswered = 0;
    bool sent = false;  ///< what send_raw() wrote last: the kernel has taken all of it
    std::string end;    ///< empty: open; "hung_up" by squall; else as the client saw it: "close_1002", "reset", …
};

/// How a subscriber reads what has arrived for it.
struct Reading {
    enum class Mode { prompt, limited, stop_and_go, stopped };
    Mode mode = Mode::prompt;
    double bytes_per_second = 0;  ///< limited
    Nanos go = 0;                 ///< stop_and_go: reads for so long …
    Nanos stop = 0;               ///< … then does not for so long
};

/// How a subscriber opens its connection.
struct Opening {
    Endpoint to;
    std::string request;  ///< the whole head of one attempt
    bool websocket = false;
};

enum class Hangup {
    close,   ///< WebSocket close 1000, SSE FIN
    reset,   ///< SO_LINGER 0: RST
    vanish,  ///< TCP_REPAIR, then close: not one packet is sent, the next one from the peer meets RST
};

/// Every call may come from any thread and returns when the subscribers' loop has carried it out.
class Clients {
public:
    virtual ~Clients() = default;

    /// Established connections of a cohort (all cohorts: ""), in subscriber order.
    virtual std::vector<ClientConnection> connections(std::string_view cohort) = 0;

    /// `receive_buffer_bytes` > 0 also sets SO_RCVBUF (the kernel doubles it; minimum 2,304 after doubling).
    /// Connections that have ended meanwhile are left out; the number that was reached is returned.
    virtual Result<std::size_t> set_reading(const std::vector<ConnectionId>& ids, const Reading& reading,
                                            std::uint32_t receive_buffer_bytes) = 0;
    /// Bytes in the kernel that the subscriber has not read (SIOCINQ), by connection; ended ones are left out.
    virtual std::vector<std::pair<ConnectionId, std::uint32_t>> unread(const std::vector<ConnectionId>& ids) = 0;

    /// Ends connections. The cohort's reconnect policy applies for close and reset; a vanished one stays away.
    virtual Result<std::size_t> hang_up(const std::vector<ConnectionId>& ids, Hangup how) = 0;

    /// Ends connections (close or reset), and begins the next at once, whatever the policy; that is for an attempt that
    /// fails. Returns the attempts. Without load nobody is asked to leave.
    virtual Result<std::vector<ConnectionId>> reconnect(const std::vector<ConnectionId>& ids, Hangup how) = 0;

    /// WebSocket subscribers do not answer pings from now on, or do again. SSE and ended connections are left out; the
    /// number that was reached is returned.
    virtual Result<std::size_t> withhold_pongs(const std::vector<ConnectionId>& ids, bool withhold) = 0;
    /// Writes bytes as they are on WebSocket connections, behind what is under way. Others are left out.
    virtual Result<std::size_t> send_raw(const std::vector<ConnectionId>& ids, std::string_view bytes) = 0;
    /// Of those that have been told to break the protocol, whether they are still open or not.
    virtual std::vector<Outcome> outcomes(const std::vector<ConnectionId>& ids) = 0;

    /// As the first cohort of `protocol` ("sse", "websocket"; "": the first of all) opens them. Without such a cohort:
    /// for the first one's topic.
    virtual Opening opening(std::string_view protocol) = 0;
    /// Connections that a fault opens beside the subscribers', for the books: attempts of nobody's. To be called when
    /// they are begun. `fault` names them.
    virtual void book_extra(const std::string& fault, bool websocket, const std::vector<Endpoint>& locals) = 0;

    /// Marks connections as cut off from the target by a fault in the path: the end of such a connection is no
    /// longer expected to be seen by the client, and the client must not try to close it politely.
    virtual void mark_lost(const std::vector<ConnectionId>& ids) = 0;
};

}  // namespace squall
