// The messages that wait for one connection, oldest first.
//
// The front message stays in the queue, with all its bytes counted, until the kernel has taken its last byte: what is
// in flight is part of the bound.
#pragma once

#include <boost/circular_buffer.hpp>
#include <cstddef>
#include <cstdint>

#include "reference-server/src/message.hpp"

namespace squall::reference {

struct Marks {
    std::uint64_t messages_high;
    std::uint64_t messages_low;
    std::uint64_t bytes_high;
    std::uint64_t bytes_low;
};

class BoundedQueue {
public:
    explicit BoundedQueue(Protocol protocol) : protocol_(protocol) {}

    std::size_t messages() const { return messages_.size(); }
    std::uint64_t bytes() const { return bytes_; }
    bool empty() const { return messages_.empty(); }
    const MessagePtr& at(std::size_t index) const { return messages_[index]; }

    void push(MessagePtr message);

    // Bytes of the front message that the kernel has taken. Above 0, it can neither be dropped nor be discarded: the
    // peer has seen its beginning.
    std::size_t front_written() const { return front_written_; }
    bool front_in_flight() const { return front_written_ != 0; }

    // Records that the kernel took `bytes` of the front message, fewer than it has left.
    void advance_front(std::size_t bytes) { front_written_ += bytes; }

    // Removes the front message, whole on the wire.
    MessagePtr pop_front();

    // Removes the oldest message that is not in flight; null when there is none.
    MessagePtr drop_oldest();

    // Removes the newest message, in flight or not; null when the queue is empty.
    MessagePtr pop_back();

private:
    void grow();
    void shrink_when_empty();

    // Starts without memory, and gives it back when a burst has passed: most connections have nothing queued.
    boost::circular_buffer<MessagePtr> messages_;
    std::uint64_t bytes_ = 0;
    std::size_t front_written_ = 0;
    Protocol protocol_;
};

}  // namespace squall::reference
