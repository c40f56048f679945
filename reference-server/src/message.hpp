// A published message, encoded at most once per protocol and shared by all queues and the replay ring.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "reference-server/src/reasons.hpp"

namespace squall::reference {

using Clock = std::chrono::steady_clock;

// The reference count is not atomic: a message never leaves its server's loop.
class Message : public boost::intrusive_ref_counter<Message, boost::thread_unsafe_counter> {
public:
    Message(std::uint64_t id, Clock::time_point accepted_at, std::string_view payload);

    std::uint64_t id() const { return id_; }
    Clock::time_point accepted_at() const { return accepted_at_; }
    std::string_view payload() const { return std::string_view(websocket_).substr(head_bytes_); }

    // The bytes on the wire. The SSE form is built when first asked for: many topics have one protocol only.
    std::string_view encoded(Protocol protocol) const;
    std::size_t encoded_bytes(Protocol protocol) const;

    // What the message takes in memory once both forms exist.
    std::size_t memory_bytes() const { return sizeof(Message) + websocket_.size() + sse_bytes_; }

    // How many queues hold it: the ledger counts a shared message's memory once.
    mutable std::uint32_t queues_holding = 0;

private:
    std::uint64_t id_;
    Clock::time_point accepted_at_;
    std::string websocket_;  // frame head and payload
    mutable std::string sse_;
    std::size_t sse_bytes_;
    std::uint8_t head_bytes_;
};

using MessagePtr = boost::intrusive_ptr<const Message>;

}  // namespace squall::reference
