#include "reference-server/src/replay_ring.hpp"

#include <utility>

namespace squall::reference {

std::int64_t ReplayRing::push(MessagePtr message) {
    const auto before = static_cast<std::int64_t>(bytes_);
    bytes_ += message->memory_bytes();
    ring_.push_back(std::move(message));
    while (!ring_.empty() && (ring_.size() > messages_max_ || bytes_ > bytes_max_))
        drop_oldest();
    return static_cast<std::int64_t>(bytes_) - before;
}

std::uint64_t ReplayRing::drop_oldest() {
    if (ring_.empty()) return 0;
    const std::uint64_t freed = ring_.front()->memory_bytes();
    ring_.pop_front();
    bytes_ -= freed;
    return freed;
}

MessagePtr ReplayRing::find(std::uint64_t id) const {
    const std::uint64_t first = first_id();
    if (first == 0 || id < first || id - first >= ring_.size()) return nullptr;
    return ring_[static_cast<std::size_t>(id - first)];
}

}  // namespace squall::reference
