// What the bytes of a subscription amount to, whatever the protocol. Parsers are pure: they see bytes and call a sink.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "suites/model/dialogue.hpp"
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

inline Progress broken(const char* why) {
    return {Progress::State::broken, why};
}

/// Called in the order of the wire. What a text refers to lives for the call only.
class StreamSink {
public:
    virtual void on_marker(const Marker& marker) = 0;    ///< of a message that is complete
    virtual void on_foreign(std::uint32_t markers) = 0;  ///< of other runs, in a message that is complete

    // Only when asked for
    /// How a message, or a line of an event stream, begins: beginning_bytes_max at most.
    virtual void on_beginning(std::string_view /*text*/) {}
    /// Of a message that is complete and not empty: what it holds, as a hash.
    virtual void on_content(std::uint64_t /*hash*/) {}

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

/// What a sink is told of each message besides its markers.
struct Telling {
    bool beginnings = false;
    bool contents = false;
};

/// What is noted of a message for a sink that asked for it. Apart from the streams, since few are asked.
class Notes {
public:
    /// Null: nothing is asked for.
    static std::unique_ptr<Notes> make(Telling asked) {
        return asked.beginnings || asked.contents ? std::unique_ptr<Notes>(new Notes(asked)) : nullptr;
    }

    void begin(std::string_view part) {
        if (!asked_.beginnings || beginning_.size() >= beginning_bytes_max) return;
        beginning_.append(part.substr(0, beginning_bytes_max - beginning_.size()));
    }
    void hold(std::string_view part) {
        if (!asked_.contents) return;
        for (const char c : part)
            hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;  // FNV-1a
        holds_something_ |= !part.empty();
    }
    void tell_beginning(StreamSink& sink) {
        if (asked_.beginnings) sink.on_beginning(beginning_);
        beginning_.clear();
    }
    void tell_content(StreamSink& sink) {
        if (holds_something_) sink.on_content(hash_);
        hash_ = offset_basis;
        holds_something_ = false;
    }
    void no_more_beginnings() { asked_.beginnings = false; }

private:
    static constexpr std::uint64_t offset_basis = 14695981039346656037ULL;
    explicit Notes(Telling asked) : asked_(asked) {}

    Telling asked_;
    bool holds_something_ = false;
    std::uint64_t hash_ = offset_basis;
    std::string beginning_;
};

}  // namespace squall::workload
