// The last messages of a topic, for clients that resume. Bounded in messages and bytes.
#pragma once

#include <cstdint>
#include <deque>

#include "reference-server/src/message.hpp"

namespace squall::reference {

class ReplayRing {
public:
    ReplayRing(std::uint64_t messages_max, std::uint64_t bytes_max)
        : messages_max_(messages_max), bytes_max_(bytes_max) {}

    // Ids have to be consecutive. Returns by how much the memory held grew; negative when it shrank.
    std::int64_t push(MessagePtr message);

    // Gives up the oldest message; returns the bytes freed, 0 when empty.
    std::uint64_t drop_oldest();

    std::size_t messages() const { return ring_.size(); }
    std::uint64_t bytes() const { return bytes_; }

    // The oldest id that can be replayed; 0 when nothing can.
    std::uint64_t first_id() const { return ring_.empty() ? 0 : ring_.front()->id(); }

    // Null when `id` is no longer, or not yet, there.
    MessagePtr find(std::uint64_t id) const;

private:
    std::deque<MessagePtr> ring_;
    std::uint64_t messages_max_;
    std::uint64_t bytes_max_;
    std::uint64_t bytes_ = 0;
};

}  // namespace squall::reference
