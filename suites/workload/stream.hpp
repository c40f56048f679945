// What the bytes of a subscription amount to, whatever the protocol. Parsers are pure: they see bytes and call a sink.
#pragma once

#include <cstdint>
#include <string_view>

#include "suites/workload/marker.hpp"

namespace squall::workload {

/// How far a parser got with the bytes it was fed.
struct Progress {
    enum class State : std::uint8_t {
        open,    ///< wants more
        ended,   ///< the peer has ended the stream in the protocol's own way; what follows was not looked at
        broken,  ///< the peer has violated the protocol
    };
    State state = State::open;
    const char* why = nullptr;  ///< broken: what was violated, a literal
};

/// Called in the order of the wire. What a text refers to lives for the call only.
class StreamSink {
public:
    virtual void on_marker(const Marker& marker) = 0;    ///< of a message that is complete
    virtual void on_foreign(std::uint32_t markers) = 0;  ///< of other runs, in a message that is complete

    // Server-sent events
    virtual void on_event_id(std::string_view /*id*/) {}  ///< the id to resume from, now
    virtual void on_retry(std::uint32_t /*ms*/) {}
    virtual void on_said(std::string_view /*reason*/) {}  ///< of a farewell event

    // WebSocket
    virtual void on_ping(std::string_view /*payload*/) {}
    virtual void on_close(std::uint16_t /*code*/, std::string_view /*reason*/) {}  ///< 1005: the frame held no code

protected:
    ~StreamSink() = default;
};

}  // namespace squall::workload
