#include "faults/proxy/idle_watch.hpp"

#include <algorithm>
#include <chrono>

#include "faults/core/clock.hpp"
#include "faults/proxy/connection.hpp"

namespace squall::proxy {
namespace {

constexpr Nanos scan_interval_max = 50'000'000;
constexpr Nanos scan_interval_min = 5'000'000;

}  // namespace

Status IdleWatch::check(const std::optional<IdleTimeout>& timeout) const {
    if (timeout && timeout->after <= 0) return Error{"the proxy's idle timeout must be longer than 0s"};
    if (timeout && timeout->by == CloseBy::silence && filter_ == nullptr) {
        return Error{"the proxy cannot lose connections silently: this run has no packet filter in the path"};
    }
    return {};
}

void IdleWatch::apply(std::optional<IdleTimeout> timeout, Endpoint front) {
    timeout_ = timeout;
    front_ = front;
    if (!canary_.waits()) canary_.land();
    if (!canary_flows_.empty()) {
        if (auto restored = filter_->restore(canary_flows_); !restored) failed_(restored.error());
        canary_flows_.clear();
    }
    timer_.cancel();
    if (!timeout) return;
    {
        const std::lock_guard lock(mutex_);
        closes_.clear();
        canary_close_.reset();
    }
    if (!canary_.waits()) {
        if (auto flies = canary_.fly(front_); !flies) {
            canary_.land();
            failed_(flies.error());
        }
    }
    schedule_scan();
}

bool IdleWatch::accept_canary(const Endpoint& client) {
    if (!canary_.waits() || client != canary_.client()) return false;
    canary_.accepted();
    if (!timeout_) canary_.land();  // the timeout was lifted meanwhile: its sink refuses, which closes the connection
    return true;
}

void IdleWatch::schedule_scan() {
    // One coarse scan instead of a timer a connection: closes come up to a twentieth of the timeout late.
    timer_.expires_after(
        std::chrono::nanoseconds(std::clamp(timeout_->after / 20, scan_interval_min, scan_interval_max)));
    timer_.async_wait([this](boost::system::error_code cancelled) {
        if (cancelled || !timeout_) return;  // it may have been due already when it was cancelled
        scan();
        schedule_scan();
    });
}

void IdleWatch::scan() {
    const Nanos now = monotonic_now();
    std::vector<OpenTable::Entry> due;
    for (const OpenTable::Entry& entry : open_.entries()) {
        if (now - entry.last_byte >= timeout_->after) due.push_back(entry);
    }
    if (due.empty()) return;
    if (timeout_->by == CloseBy::silence && !drop_in_path(due)) return;
    for (const OpenTable::Entry& entry : due)
        close(entry, now);
}

void IdleWatch::close(const OpenTable::Entry& due, Nanos now) {
    const ClosedPair closed{due.connection->pair(), now - due.last_byte, now};
    due.connection->close_by(timeout_->by);
    const std::lock_guard lock(mutex_);
    if (due.canary) {
        canary_close_ = closed;
    } else {
        closes_.push_back(closed);
    }
}

/// Before the sockets go: a packet that came in between would be answered with a reset.
bool IdleWatch::drop_in_path(const std::vector<OpenTable::Entry>& due) {
    std::vector<kernel::Flow> flows;
    for (const OpenTable::Entry& entry : due) {
        const Pair& pair = entry.connection->pair();
        auto& wanted = entry.canary ? canary_flows_ : flows;
        wanted.push_back({pair.client, front_});
        if (pair.upstream != Endpoint{}) wanted.push_back({pair.upstream, entry.connection->upstream()});
    }
    flows.insert(flows.end(), canary_flows_.begin(), canary_flows_.end());
    if (auto dropped = filter_->drop(flows, kernel::Direction::both); !dropped) {
        failed_(dropped.error());
        return false;  // the connections stay; closing them audibly would be another fault than the one asked for
    }
    for (const OpenTable::Entry& entry : due)
        lost_ports_.insert(entry.connection->pair().upstream.port);
    return true;
}

std::vector<ClosedPair> IdleWatch::closes() const {
    const std::lock_guard lock(mutex_);
    return closes_;
}

std::optional<ClosedPair> IdleWatch::canary_close() const {
    const std::lock_guard lock(mutex_);
    return canary_close_;
}

}  // namespace squall::proxy
