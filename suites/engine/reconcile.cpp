#include "suites/engine/reconcile.hpp"

#include <algorithm>
#include <unordered_map>

#include "suites/engine/match.hpp"
#include "suites/invariants/ends.hpp"

namespace squall {
namespace {

class Reconciliation {
public:
    Reconciliation(const Views& views, const std::vector<Event>& events)
        : views_(views), peers_(peers_at_target(views)), by_label_(subscriptions(views)) {
        matches_ = match(views, peers_, seen_until(events));
    }

    void end(Event& event) const {
        const auto found = by_label_.find(label(event.labels, "connection"));
        const DeclaredDisconnect* said = found == by_label_.end() ? nullptr : matches_.lines[found->second];
        give_reason(event, said);
        if (said) declare(event, *said);
        if (found == by_label_.end()) return;
        if (!said && killed_under(views_.connections[found->second].since, event.at)) event.labels["killed"] = "yes";
        if (!peers_[found->second]) return;
        const auto held = views_.held.find(*peers_[found->second]);
        // Declared only behind the look at the sockets: then it was let go since.
        if (held == views_.held.end() || (said && said->offset >= views_.log_size_when_held)) return;
        event.labels["held"] = held->second;
    }

    void add_unmatched(std::vector<Event>& events) const {
        for (const Surplus& surplus : matches_.surplus) {
            const DeclaredDisconnect& line = *surplus.line;
            Event event{on_run_clock(line), "declared.unmatched", {{"peer", to_string(line.peer)}}};
            event.labels["reason"] = line.reason;
            if (!line.protocol.empty()) event.labels["protocol"] = line.protocol;
            if (surplus.connection) {
                const auto& connection = views_.connections[*surplus.connection].connection;
                event.labels["connection"] = workload::connection_label(connection);
            }
            events.push_back(std::move(event));
        }
    }

private:
    static std::unordered_map<std::string, std::size_t> subscriptions(const Views& views) {
        std::unordered_map<std::string, std::size_t> by_label;
        for (std::size_t i = 0; i < views.connections.size(); ++i) {
            if (views.connections[i].role != workload::Established::Role::subscription) continue;
            by_label.emplace(workload::connection_label(views.connections[i].connection), i);
        }
        return by_label;
    }

    /// By connection: when the client saw its end, if it looked and nothing was in the way.
    Instants seen_until(const std::vector<Event>& events) const {
        Instants seen(views_.connections.size());
        for (const Event& event : events) {
            if (!is_end(event) || blind(event.labels) || kept_from_target(event)) continue;
            const auto found = by_label_.find(label(event.labels, "connection"));
            if (found != by_label_.end()) seen[found->second] = event.at;
        }
        return seen;
    }

    Nanos on_run_clock(const DeclaredDisconnect& line) const {
        return line.at == 0 ? 0 : line.at - views_.realtime_minus_run;
    }

    bool killed_under(Nanos since, Nanos ended) const {
        return std::any_of(views_.killed.begin(), views_.killed.end(), [&](const Views::Killed& killed) {
            return since <= killed.ended_at && ended >= killed.told_at;
        });
    }

    void give_reason(Event& event, const DeclaredDisconnect* said) const {
        if (event.metric == "disconnects") {
            const auto wire = label(event.labels, "said");
            event.labels["reason"] = said            ? said->reason
                                     : !wire.empty() ? wire
                                                     : reason_from_wire(label(event.labels, "seen"));
        } else if (said && !echoes_client(*said) && !written_at_stop(*said)) {
            event.metric = "disconnects";
            event.labels["seen"] = "lost";
            event.labels["reason"] = said->reason;
        }
        // Only here is the target's word taken for when it was, and never for later than the client knows.
        if (said && said->at != 0 && event.metric == "disconnects" && blind(event.labels)) {
            event.at = std::clamp<Nanos>(on_run_clock(*said), 0, event.at);
        }
    }

    void declare(Event& event, const DeclaredDisconnect& said) const {
        event.labels["declared"] = said.reason;
        if (said.dropped) event.labels["declared_dropped"] = std::to_string(*said.dropped);
        if (said.delivered) event.labels["declared_delivered"] = std::to_string(*said.delivered);
        if (written_at_stop(said)) event.labels["at_stop"] = "yes";
    }

    /// By its own time where it gives one: what a target writes may stay in a buffer until it ends. Without one a line
    /// that came late is about the stop only if the process had the socket for so long.
    bool written_at_stop(const DeclaredDisconnect& line) const {
        if (views_.stopped_at == 0) return false;
        if (line.at == 0) return line.offset >= views_.log_size_when_held && views_.held.count(line.peer) != 0;
        return on_run_clock(line) >= views_.stopped_at;
    }

    const Views& views_;
    std::vector<std::optional<Endpoint>> peers_;
    std::unordered_map<std::string, std::size_t> by_label_;
    Matches matches_;
};

}  // namespace

std::string reason_from_wire(const std::string& seen) {
    if (seen == "close_1013" || seen == "close_1008") return "slow_consumer";
    if (seen == "close_1001" || seen == "close_1012" || seen == "eof_clean") return "drain";
    if (seen == "close_1009") return "message_too_big";
    if (seen == "close_1002") return "protocol_error";
    if (seen == "close_1011") return "internal_error";
    return seen;
}

std::vector<Event> reconcile(std::vector<Event> events, const Views& views) {
    const Reconciliation reconciliation(views, events);
    for (auto& event : events) {
        if (is_end(event)) reconciliation.end(event);
    }
    reconciliation.add_unmatched(events);
    return events;
}

}  // namespace squall
