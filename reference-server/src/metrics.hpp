// Every counter of the server, as plain numbers: one event loop writes and reads them, so none is atomic.
//
// Two books have to balance, for each protocol, at any instant between two turns of the loop:
//   accepted = open + the sum of disconnects
//   enqueued = delivered + dropped + undelivered + queued
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "reference-server/src/reasons.hpp"

namespace squall::reference {

template <class T>
class PerProtocol {
public:
    T& operator[](Protocol protocol) { return values_[static_cast<std::size_t>(protocol)]; }
    const T& operator[](Protocol protocol) const { return values_[static_cast<std::size_t>(protocol)]; }

private:
    std::array<T, protocol_count> values_{};
};

// Cumulative-bucket histogram of seconds. The bounds go from 100 µs to 30 s in steps of at most 2.5.
class LatencyHistogram {
public:
    static constexpr std::array<double, 17> bounds_seconds = {
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

    void observe(std::chrono::nanoseconds latency) {
        const double seconds = static_cast<double>(latency.count()) * 1e-9;
        std::size_t bucket = 0;
        while (bucket < bounds_seconds.size() && seconds > bounds_seconds[bucket])
            ++bucket;
        ++counts_[bucket];
        sum_seconds_ += seconds;
    }

    // Per bucket, not cumulated; the last is above all bounds.
    const std::array<std::uint64_t, bounds_seconds.size() + 1>& counts() const { return counts_; }
    double sum_seconds() const { return sum_seconds_; }

private:
    std::array<std::uint64_t, bounds_seconds.size() + 1> counts_{};
    double sum_seconds_ = 0;
};

// The HTTP status codes that a refused publish can be answered with.
inline constexpr std::array<int, 4> publish_refusal_codes = {400, 413, 429, 503};

struct Metrics {
    PerProtocol<std::uint64_t> connections;  // now
    PerProtocol<std::uint64_t> connections_accepted;
    PerProtocol<std::array<std::uint64_t, reason_count>> disconnects;
    std::array<std::uint64_t, refusal_count> handshake_failures{};

    std::uint64_t messages_accepted = 0;
    std::array<std::uint64_t, publish_refusal_codes.size()> messages_rejected{};

    PerProtocol<std::uint64_t> enqueued;
    PerProtocol<std::uint64_t> delivered;
    PerProtocol<std::uint64_t> dropped;
    PerProtocol<std::uint64_t> undelivered;
    PerProtocol<std::uint64_t> queued_messages;  // now
    PerProtocol<std::uint64_t> queued_bytes;     // now; a shared message counts in every queue
    std::uint64_t held_bytes = 0;                // now; a shared message counts once
    std::uint64_t replay_bytes = 0;              // now

    std::uint64_t slow_consumers = 0;  // now
    std::uint64_t write_timeouts = 0;
    PerProtocol<LatencyHistogram> delivery_latency;

    std::uint64_t accept_errors = 0;
    double loop_lag_seconds_max = 0;  // since the last scrape
};

void count_handshake_failure(Metrics& metrics, Refusal refusal);
void count_rejected_publish(Metrics& metrics, int status);

}  // namespace squall::reference
