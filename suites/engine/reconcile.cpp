#include "suites/engine/reconcile.hpp"

#include <algorithm>
#include <deque>

#include "suites/workload/workload.hpp"

namespace squall {
namespace {

std::string label_of(const Event& event, const char* name) {
    const auto found = event.labels.find(name);
    return found == event.labels.end() ? std::string() : found->second;
}

/// The target ended it; "the client closed" is only an echo of what the client did.
bool on_its_own_account(const std::string& reason) {
    return reason != "client_closed" && reason != "client_reset";
}

/// Whoever was cut off or did not read learns of its end late or never: only then is the target's word taken for when
/// it was, and never for later than the client knows.
bool blind(const Event& event) {
    return event.labels.count("blind") != 0 || label_of(event, "seen") == "lost";
}

/// label of the connection -> what the target declared about it.
std::map<std::string, const DeclaredDisconnect*> match(const Views& views) {
    // A local port can come back in a later generation; log and connections are both in order of time.
    std::map<Endpoint, std::deque<std::string>> labels;
    for (const auto& connection : views.connections) {
        labels[connection.local].push_back(workload::connection_label(connection));
    }
    std::map<std::string, const DeclaredDisconnect*> matched;
    for (const auto& declared : views.declared) {
        const auto behind = views.client_behind_proxy.find(declared.peer);
        const auto& client = behind == views.client_behind_proxy.end() ? declared.peer : behind->second;
        const auto found = labels.find(client);
        if (found == labels.end() || found->second.empty()) continue;
        matched[found->second.front()] = &declared;
        found->second.pop_front();
    }
    return matched;
}

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
    const auto declared = match(views);
    for (auto& event : events) {
        const bool disconnect = event.metric == "disconnects";
        if (!disconnect && event.metric != "hangups") continue;
        const auto found = declared.find(label_of(event, "connection"));
        const DeclaredDisconnect* said = found == declared.end() ? nullptr : found->second;
        if (disconnect) {
            const auto wire = label_of(event, "said");
            event.labels["reason"] = said            ? said->reason
                                     : !wire.empty() ? wire
                                                     : reason_from_wire(label_of(event, "seen"));
        } else if (said && on_its_own_account(said->reason)) {
            event.metric = "disconnects";
            event.labels["seen"] = "lost";
            event.labels["reason"] = said->reason;
        }
        if (said && said->at != 0 && event.metric == "disconnects" && blind(event)) {
            event.at = std::clamp<Nanos>(said->at - views.realtime_minus_run, 0, event.at);
        }
    }
    return events;
}

}  // namespace squall
