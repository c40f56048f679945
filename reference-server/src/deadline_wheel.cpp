#include "reference-server/src/deadline_wheel.hpp"

#include <algorithm>
#include <utility>

namespace squall::reference {

void DeadlineHook::disarm() {
    if (link_ == nullptr) return;
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
    next_ = nullptr;
    link_ = nullptr;
}

DeadlineWheel::~DeadlineWheel() {
    for (DeadlineHook*& head : slots_) {
        while (head != nullptr)
            head->disarm();
    }
}

std::uint64_t DeadlineWheel::tick_of(Clock::time_point time) const {
    if (time <= start_) return 0;
    const auto since = time - start_;
    // Rounded up: a deadline is never served early.
    return static_cast<std::uint64_t>((since + tick - Clock::duration(1)) / tick);
}

void DeadlineWheel::arm(DeadlineHook& hook, Clock::time_point due) {
    if (due == never) return;
    if (hook.link_ != nullptr) {
        if (hook.due_ <= due) return;
        hook.disarm();
    }
    hook.due_ = due;
    hang(hook);
}

void DeadlineWheel::hang(DeadlineHook& hook) {
    // Beyond one turn of the wheel, the last slot serves as a stop on the way.
    const std::uint64_t wanted = std::clamp(tick_of(hook.due_), current_ + 1, current_ + slots - 1);
    DeadlineHook*& head = slots_[wanted % slots];
    hook.next_ = head;
    hook.link_ = &head;
    if (head != nullptr) head->link_ = &hook.next_;
    head = &hook;
}

void DeadlineWheel::advance(Clock::time_point now) {
    const std::uint64_t target = now <= start_ ? 0 : static_cast<std::uint64_t>((now - start_) / tick);
    if (target <= current_) return;
    const std::uint64_t steps = std::min<std::uint64_t>(target - current_, slots);
    const std::uint64_t first = target - steps + 1;
    // What is hung up while hooks are called belongs to a later tick.
    current_ = target;
    for (std::uint64_t step = first; step <= target; ++step) {
        DeadlineHook* due = std::exchange(slots_[step % slots], nullptr);
        if (due != nullptr) due->link_ = &due;
        while (due != nullptr) {
            DeadlineHook& hook = *due;
            hook.disarm();
            if (hook.due_ > now)
                hang(hook);
            else
                hook.on_deadline(now);
        }
    }
}

}  // namespace squall::reference
