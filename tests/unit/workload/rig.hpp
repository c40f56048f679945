// A workload against a scripted server, and what came of it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "scripted_server.hpp"
#include "suites/workload/workload.hpp"

namespace squall::workload::test {

inline Nanos monotonic_now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * nanos_per_second + time.tv_nsec;
}

/// Polls, with patience for machines that are busy.
inline bool eventually(const std::function<bool()>& so) {
    for (int i = 0; i < 2'000; ++i) {
        if (so()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

inline Cohort cohort(Protocol protocol, std::uint32_t connections = 1, const std::string& name = "c") {
    Cohort made;
    made.name = name;
    made.protocol = protocol;
    made.connections = connections;
    made.topic = "news";
    return made;
}

inline Publisher publisher(double rate, const std::string& name = "p") {
    Publisher made;
    made.name = name;
    made.topic = "news";
    made.arrivals.rate = rate;
    return made;
}

/// No publisher is needed to have markers on the wire: the server's script knows the run.
class Rig {
public:
    Rig(
        std::vector<Cohort> cohorts, Endpoint server, std::vector<Publisher> publishers = {},
        const std::function<void(Wire&)>& adapt = [](Wire&) {}, bool observe = false) {
        Plan plan;
        plan.observe = observe;
        plan.cohorts = std::move(cohorts);
        plan.publishers = std::move(publishers);
        plan.run_id = "test-run";
        plan.origin = monotonic_now();
        origin = plan.origin;
        Wire& wire = plan.wire;
        wire.subscribe = wire.publish = server;
        wire.host = "squall.test";
        wire.sse_path = "/events?topic={topic}";
        wire.websocket_path = "/ws?topic={topic}";
        wire.publish_path = "/publish?topic={topic}";
        wire.websocket_publish_path = "/ws?publish=only";
        wire.headers = {{"Authorization", "Bearer x"}};
        adapt(wire);
        auto made = Workload::start(std::move(plan));
        if (made.has_error()) throw std::runtime_error(made.error().message);
        workload = std::move(made.value());
    }

    bool connect() {
        workload->connect();
        return eventually([&] { return workload->connected(); });
    }
    bool until_disconnects(std::uint64_t count) {
        return eventually([&] { return workload->live().disconnects >= count; });
    }
    std::vector<ConnectionId> ids() {
        std::vector<ConnectionId> all;
        for (const ClientConnection& connection : workload->connections(""))
            all.push_back(connection.id);
        return all;
    }
    const History& finish() {
        if (!finished_) workload->finish(history_);
        finished_ = true;
        history_.sort();
        return history_;
    }

    std::vector<Event> events(const std::string& metric) {
        std::vector<Event> all;
        for (const Event& event : finish().events()) {
            if (event.metric == metric) all.push_back(event);
        }
        return all;
    }
    double count(const std::string& metric, const Labels& labels = {}) {
        double sum = 0;
        for (const Event& event : events(metric)) {
            bool fits = true;
            for (const auto& [name, value] : labels) {
                const auto found = event.labels.find(name);
                fits = fits && found != event.labels.end() && found->second == value;
            }
            if (fits) sum += event.value;
        }
        return sum;
    }
    Histogram distribution(const std::string& metric) {
        Histogram all;
        for (const auto& [key, slices] : finish().distributions()) {
            if (key.metric != metric) continue;
            for (const auto& [slice, values] : slices)
                all.merge(values);
        }
        return all;
    }
    void expect_books_to_balance() {
        EXPECT_EQ(count("messages.expected"),
                  count("messages.delivered") + count("messages.missed") + count("messages.in_flight"));
    }

    Nanos origin = 0;
    std::unique_ptr<Workload> workload;

private:
    History history_;
    bool finished_ = false;
};

inline std::string label(const Event& event, const std::string& name) {
    const auto found = event.labels.find(name);
    return found == event.labels.end() ? "(none)" : found->second;
}

}  // namespace squall::workload::test
