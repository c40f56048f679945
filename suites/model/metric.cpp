#include "suites/model/metric.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/suggest.hpp"

namespace squall {
namespace {

using enum MetricKind;
namespace d = dimension;

std::vector<Metric> table() {
    std::vector<Metric> metrics{
        // Latencies and gaps, as subscribers and publishers saw them.
        {"delivery.latency",
         distribution,
         d::time,
         {"cohort", "protocol", "publisher"},
         "from the instant a message was scheduled to the kernel's receive timestamp at the subscriber"},
        {"delivery.latency_at_most",
         distribution,
         d::time,
         {"cohort", "protocol", "publisher"},
         "of these, those that the rig could not time: it was kept from its CPU as it sent or read them, or the kernel "
         "gave no timestamp. They took no longer than this"},
        {"publish.latency",
         distribution,
         d::time,
         {"publisher"},
         "from the instant a message was scheduled to the target's answer that it has been accepted"},
        {"connect.latency",
         distribution,
         d::time,
         {"cohort", "protocol"},
         "from connect() to the confirmed subscription"},
        {"silence",
         distribution,
         d::time,
         {"cohort", "protocol"},
         "gap between bytes on an open connection, recorded when the gap ends"},
        {"rig.publish_lag", distribution, d::time, {}, "how late the rig itself was to publish"},
        {"rig.loop_lag", distribution, d::time, {}, "how late the rig's event loops ran"},
        {"rig.stall",
         gauge,
         d::time,
         {},
         "how late a thread of the rig ran that has no priority and next to nothing to do"},

        // The target from outside.
        {"connections",
         gauge,
         d::none,
         {"cohort", "protocol"},
         "open and subscribed, as the clients see it; accounted(): share that is still open or ended once, as declared",
         true},
        {"target.memory",
         gauge,
         d::bytes,
         {},
         "anonymous and shared memory of the process tree, shared pages divided among processes, plus the kernel "
         "memory of its sockets; not the files that it maps"},
        {"target.rss",
         gauge,
         d::bytes,
         {},
         "resident memory of the process tree, shared pages counted in each process"},
        {"target.pss",
         gauge,
         d::bytes,
         {},
         "resident memory of the process tree, shared pages divided among processes"},
        {"target.cgroup_memory", gauge, d::bytes, {}, "memory charged to the target's cgroup, where it has one"},
        {"target.socket_memory", gauge, d::bytes, {}, "kernel memory charged to the target's TCP sockets"},
        {"target.cpu", gauge, d::cores, {}, "CPU time used over time passed, process tree"},
        {"target.stolen",
         gauge,
         d::cores,
         {},
         "CPU time that others took from the target while it wanted it, over time passed"},
        {"target.throttled", gauge, d::none, {}, "share of the time for which the cgroup was throttled"},
        {"target.fds", gauge, d::none, {}, "open file descriptors, process tree"},
        {"target.threads", gauge, d::none, {}, "threads, process tree"},
        {"target.sockets", gauge, d::none, {"state"}, "TCP sockets on the target's port, by state, from the kernel"},
        {"target.send_queue", gauge, d::bytes, {}, "bytes sent and not acknowledged, all the target's sockets"},
        {"target.send_queue_max", gauge, d::bytes, {}, "bytes sent and not acknowledged, fullest socket"},
        {"target.receive_queue", gauge, d::bytes, {}, "bytes received and not read by the target, all its sockets"},
        {"target.retransmits", gauge, d::none, {}, "segments retransmitted by the target's open sockets so far"},
        {"target.ready", gauge, d::none, {}, "1 when the target says that it is fit to serve, else 0"},
        {"target.alive", gauge, d::none, {}, "1 when the target answers its liveness check, else 0"},

        // The target's own word, by the names that its profile maps to these.
        {"queued.messages", gauge, d::none, {}, "messages in all the target's queues, as it declares"},
        {"queued.bytes", gauge, d::bytes, {}, "bytes in all the target's queues, as it declares"},
        {"queue.depth", summary, d::none, {}, "messages in one connection's queue, as the target declares"},
        {"queue.bytes", summary, d::bytes, {}, "bytes in one connection's queue, as the target declares"},
        {"slow.consumers", gauge, d::none, {}, "connections that the target counts as slow"},
        {"event_loop.lag", gauge, d::time, {}, "how late the target's event loop ran, as it declares"},
        {"declared.connections", gauge, d::none, {"protocol"}, "open connections, as the target declares"},
        {"declared.scrapes", counter, d::none, {}, "readings of the target's own metrics that succeeded"},
        {"declared.drops", counter, d::none, {}, "messages that the target says it dropped"},
        {"declared.disconnects", counter, d::none, {"protocol", "reason"}, "connections that the target says ended"},
        {"declared.write_timeouts", counter, d::none, {}, "writes that the target says did not end in time"},
        {"declared.handshake_failures", counter, d::none, {"cause"}, "handshakes that the target says failed"},

        // What happened to connections and messages, at the clients' end of the wire.
        {"connects", counter, d::none, {"cohort", "protocol"}, "connections that were opened and subscribed"},
        {"disconnects",
         counter,
         d::none,
         {"cohort", "protocol", "reason", "seen"},
         "connections that ended otherwise than by squall; reason: what the target gave; seen: what the client saw"},
        {"hangups", counter, d::none, {"cohort", "protocol"}, "connections that squall itself ended"},
        {"handshake.failures",
         counter,
         d::none,
         {"cohort", "protocol", "cause"},
         "attempts to connect that ended before the subscription was confirmed"},
        {"messages.published", counter, d::none, {"publisher"}, "accepted by the target"},
        {"messages.rejected", counter, d::none, {"publisher", "status"}, "refused by the target, or not answered"},
        {"messages.unsent",
         counter,
         d::none,
         {"publisher"},
         "that the rig could not send: their publisher was too far behind"},
        {"messages.misrouted", counter, d::none, {"cohort", "protocol"}, "that arrived on a topic not subscribed to"},
        {"messages.foreign", counter, d::none, {"cohort", "protocol"}, "that bear the mark of another run"},
        {"messages.expected", counter, d::none, {"cohort", "protocol"}, "accepted while the subscriber was connected"},
        {"messages.delivered", counter, d::none, {"cohort", "protocol"}, "that arrived, each one once"},
        {"messages.missed", counter, d::none, {"cohort", "protocol"}, "that a later arrival shows to be missing"},
        {"messages.in_flight", counter, d::none, {"cohort", "protocol"}, "on their way when their connection ended"},
        {"messages.duplicated", counter, d::none, {"cohort", "protocol"}, "that arrived again"},
        {"messages.reordered", counter, d::none, {"cohort", "protocol"}, "that arrived behind a later one"},

        // Reconciled by the judge.
        {"messages",
         books,
         d::none,
         {},
         "share of the expected messages that are delivered, declared dropped or in flight",
         true},
    };
    std::sort(metrics.begin(), metrics.end(), [](const Metric& a, const Metric& b) { return a.name < b.name; });
    return metrics;
}

}  // namespace

const std::vector<Metric>& all_metrics() {
    static const std::vector<Metric> metrics = table();
    return metrics;
}

const Metric* find_metric(std::string_view name) {
    const auto& metrics = all_metrics();
    const auto found = std::lower_bound(metrics.begin(), metrics.end(), name,
                                        [](const Metric& metric, std::string_view n) { return metric.name < n; });
    return found != metrics.end() && found->name == name ? &*found : nullptr;
}

std::string_view to_string(MetricKind kind) {
    switch (kind) {
        case distribution:
            return "distribution";
        case gauge:
            return "gauge";
        case counter:
            return "counter";
        case summary:
            return "summary";
        case books:
            return "books";
    }
    return "?";
}

namespace {

using Values = std::vector<std::string_view>;

/// Those of the target; a target may have its own.
const Values known_reasons{"client_closed",   "client_reset", "slow_consumer", "slow_share",       "memory_budget",
                           "write_timeout",   "pong_timeout", "idle_timeout",  "peer_unreachable", "protocol_error",
                           "message_too_big", "drain",        "internal_error"};

/// What a client can tell apart, without those that carry a number.
const Values seen_values{"eof_clean", "eof_cut", "reset", "silence", "lost", "refused", "protocol_error", "timeout"};

const Values tcp_states{"established", "syn_sent",   "syn_recv", "fin_wait1", "fin_wait2", "time_wait",
                        "close",       "close_wait", "last_ack", "listen",    "closing"};

bool is_one_of(const Values& values, std::string_view value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_prefix_and_digits(std::string_view value, std::string_view prefix, std::size_t digits) {
    if (value.size() != prefix.size() + digits || value.substr(0, prefix.size()) != prefix) return false;
    return std::all_of(value.begin() + static_cast<std::ptrdiff_t>(prefix.size()), value.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

bool is_identifier(std::string_view value) {
    return !value.empty() && value.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == value.npos;
}

std::string expected_one_of(std::string_view value, const Values& values, std::string_view more = {}) {
    return fmt::format("expected one of {}{}{}", fmt::join(values, ", "), more, did_you_mean(value, values));
}

}  // namespace

std::string label_problem(std::string_view metric, std::string_view label, std::string_view value) {
    if (label == "protocol") {
        const Values protocols{"sse", "websocket"};
        return is_one_of(protocols, value) ? "" : expected_one_of(value, protocols);
    }
    if (label == "state") return is_one_of(tcp_states, value) ? "" : expected_one_of(value, tcp_states);
    if (label == "seen" || (label == "cause" && metric == "handshake.failures")) {
        const bool good = is_one_of(seen_values, value) || is_prefix_and_digits(value, "close_", 4) ||
                          is_prefix_and_digits(value, "http_", 3);
        return good ? "" : expected_one_of(value, seen_values, ", close_NNNN, http_NNN");
    }
    if (label == "reason" || label == "cause" || label == "status") {
        if (is_identifier(value)) return "";
        return "expected a word of small letters, digits and _" +
               (label == "reason" ? fmt::format(", such as {}", fmt::join(known_reasons, ", ")) : std::string());
    }
    return "";
}

bool carries_rig_lag(std::string_view metric) {
    return metric == "delivery.latency" || metric == "publish.latency" || metric == "connect.latency";
}

bool carries_stolen_time(std::string_view metric) {
    return carries_rig_lag(metric) || metric == "silence";
}

}  // namespace squall
