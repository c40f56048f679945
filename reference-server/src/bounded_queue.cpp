#include "reference-server/src/bounded_queue.hpp"

#include <algorithm>
#include <utility>

namespace squall::reference {
namespace {
constexpr std::size_t capacity_kept = 8;
}

void BoundedQueue::push(MessagePtr message) {
    if (messages_.full()) grow();
    bytes_ += message->encoded_bytes(protocol_);
    messages_.push_back(std::move(message));
}

MessagePtr BoundedQueue::pop_front() {
    MessagePtr message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message->encoded_bytes(protocol_);
    front_written_ = 0;
    shrink_when_empty();
    return message;
}

MessagePtr BoundedQueue::drop_oldest() {
    if (!front_in_flight()) return messages_.empty() ? nullptr : pop_front();
    if (messages_.size() < 2) return nullptr;
    // The front stays where it is: it trades places with the one that goes.
    std::swap(messages_[0], messages_[1]);
    const std::size_t written = front_written_;
    MessagePtr message = pop_front();
    front_written_ = written;
    return message;
}

MessagePtr BoundedQueue::pop_back() {
    if (messages_.empty()) return nullptr;
    MessagePtr message = std::move(messages_.back());
    messages_.pop_back();
    bytes_ -= message->encoded_bytes(protocol_);
    if (messages_.empty()) front_written_ = 0;
    shrink_when_empty();
    return message;
}

void BoundedQueue::grow() {
    messages_.set_capacity(std::max<std::size_t>(4, messages_.capacity() * 2));
}

void BoundedQueue::shrink_when_empty() {
    if (messages_.empty() && messages_.capacity() > capacity_kept) messages_.set_capacity(0);
}

}  // namespace squall::reference
