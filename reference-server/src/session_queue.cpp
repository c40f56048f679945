// A session's queue: what enters it, what leaves it, and what happens at its marks.
#include "reference-server/src/ledger.hpp"
#include "reference-server/src/session.hpp"

namespace squall::reference {

void Session::enqueue(const MessagePtr& message) {
    if (!open()) return;
    if (resume_next_ != 0) {
        // Still catching up: the message is in the replay ring, and is fetched from there in its turn.
        if (!blocked_) hub_.mark_dirty(*this);
        return;
    }
    if (slow_ && at_high_mark(hub_.config) == HighMarkAction::make_room) make_room(message->encoded_bytes(protocol_));
    push(message);
    if (!blocked_) hub_.mark_dirty(*this);
    if (!reached_high(queue_, hub_.marks)) return;
    if (!slow_) {
        // A queue is long when the kernel refuses it, not when the loop has not come to it: what can leave now, leaves.
        flush();
        if (open() && reached_high(queue_, hub_.marks)) become_slow();
    } else if (beyond_grace(queue_, hub_.marks)) {
        if (at_high_mark(hub_.config) == HighMarkAction::evict_after_grace) end(Reason::slow_consumer);
    }
}

void Session::push(const MessagePtr& message) {
    queue_.push(message);
    ledger::enqueued(hub_.metrics, protocol_, *message);
}

void Session::make_room(std::size_t bytes) {
    while (would_exceed_high(queue_, bytes, hub_.marks)) {
        const MessagePtr dropped = queue_.drop_oldest();
        if (!dropped) return;
        ++dropped_;
        ledger::dropped(hub_.metrics, protocol_, *dropped);
    }
}

void Session::become_slow() {
    slow_ = true;
    ++hub_.metrics.slow_consumers;
    switch (at_high_mark(hub_.config)) {
        case HighMarkAction::evict_now:
            end(Reason::slow_consumer);
            break;
        case HighMarkAction::evict_after_grace:
            slow_due_ = Clock::now() + hub_.config.slow_consumer_deadline;
            reschedule();
            break;
        case HighMarkAction::make_room:
            break;
        case HighMarkAction::pause_topic:
            pausing_topic_ = true;
            ++topic_.paused_by;
            break;
    }
}

void Session::recover() {
    if (!slow_) return;
    slow_ = false;
    slow_due_ = never;
    --hub_.metrics.slow_consumers;
    if (pausing_topic_) {
        pausing_topic_ = false;
        --topic_.paused_by;
    }
}

void Session::deliver_front(Clock::time_point now) {
    const MessagePtr message = queue_.pop_front();
    ++delivered_;
    const bool replayed = message->accepted_at() < started_at_;
    ledger::delivered(hub_.metrics, protocol_, *message,
                      replayed ? std::nullopt : std::optional(now - message->accepted_at()));
    if (slow_ && fell_to_low(queue_, hub_.marks)) recover();
}

// A resuming client's messages come from the replay ring at the pace of its reading. They never fill its queue beyond
// the low-water mark, so that catching up does not make it a slow consumer.
void Session::refill() {
    const ReplayRing& ring = topic_.ring;
    while (resume_next_ != 0 && open()) {
        if (resume_next_ > topic_.last_id) {
            resume_next_ = 0;
            return;
        }
        const bool room = queue_.messages() < hub_.marks.messages_low && queue_.bytes() < hub_.marks.bytes_low;
        if (!room && !queue_.empty()) return;
        if (const MessagePtr message = ring.find(resume_next_)) {
            push(message);
            ++resume_next_;
            continue;
        }
        if (!queue_.empty()) return;  // the notice goes before queued messages, so those have to be out first
        const std::uint64_t next_kept = ring.first_id() != 0 ? ring.first_id() : topic_.last_id + 1;
        control_ += gap_notice(resume_next_, next_kept - 1);
        resume_next_ = next_kept;
    }
}

void Session::discard_queue() {
    // The message that the peer has seen the beginning of stays: without its end, the farewell could not be read.
    const std::size_t kept = queue_.front_in_flight() ? 1 : 0;
    while (queue_.messages() > kept) {
        const MessagePtr message = queue_.pop_back();
        ++undelivered_;
        ledger::undelivered(hub_.metrics, protocol_, *message);
    }
}

}  // namespace squall::reference
