// The books of connections: each one that was opened is open or has ended once, and client, target and kernel agree.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "suites/invariants/books.hpp"
#include "suites/invariants/contradiction.hpp"
#include "suites/invariants/discrepancies.hpp"
#include "suites/invariants/ends.hpp"
#include "suites/invariants/facts.hpp"

namespace squall {
namespace {

/// Connections by cohort: opened, ended, and by the gauge still open.
struct Ledger {
    double opened = 0;
    double ended = 0;
    double opened_before_sample = 0;
    double ended_before_sample = 0;
    double open = 0;
    Nanos sampled_at = std::numeric_limits<Nanos>::min();
};

std::map<Sharded, Ledger> ledgers(const History& history) {
    std::map<Sharded, Ledger> all;
    for (const auto& [key, points] : history.gauges()) {
        if (key.metric != "connections" || points.empty()) continue;
        const auto latest =
            std::max_element(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.at < b.at; });
        Ledger& ledger = all[cohort_of(key.labels)];
        ledger.sampled_at = latest->at;
        ledger.open = latest->value;
    }
    for (const Event& event : history.events()) {
        const bool opened = event.metric == "connects";
        if (!opened && !is_end(event)) continue;
        Ledger& ledger = all[cohort_of(event.labels)];
        (opened ? ledger.opened : ledger.ended) += event.value;
        if (event.at <= ledger.sampled_at) {
            (opened ? ledger.opened_before_sample : ledger.ended_before_sample) += event.value;
        }
    }
    return all;
}

/// Opened less ended is what is open. The last sample may be older than the last events (the rig takes down what is
/// left when the run is over), so the books may balance at its instant instead.
double unbalanced(const Ledger& ledger) {
    const double left = ledger.opened - ledger.ended;
    const double left_then = ledger.opened_before_sample - ledger.ended_before_sample;
    const double off = std::min(std::fabs(left - ledger.open), std::fabs(left_then - ledger.open));
    return std::max(off, -left);
}

/// A connection ends once.
double ended_again(const History& history, Discrepancies& found) {
    std::set<Sharded> ended;
    double again = 0;
    for (const Event& event : history.events()) {
        const std::string connection = is_end(event) ? label(event.labels, "connection") : std::string();
        if (connection.empty() || ended.emplace(connection, label(event.labels, "shard")).second) continue;
        again += 1;
        found.add(1, "ended more than once", connection, event.at);
    }
    return again;
}

void balance_cohorts(const History& history, Discrepancies& found) {
    double forgiven = ended_again(history, found);  // out of balance for the same reason: not held against it twice
    for (const auto& [cohort, ledger] : ledgers(history)) {
        const double off = unbalanced(ledger);
        found.add(off - forgiven, fmt::format("of cohort {} neither open nor ended, or never opened", cohort.first));
        forgiven = std::max(0.0, forgiven - off);
    }
}

/// What the target called open when it was last asked; empty: it never says.
std::optional<double> declared_open(const History& history, const std::string& protocol) {
    std::optional<double> open;
    for (const auto& [key, points] : history.gauges()) {
        if (key.metric != "declared.connections" || points.empty()) continue;
        if (protocol.empty() || label(key.labels, "protocol") == protocol) {
            open = open.value_or(0) + points.back().value;
        }
    }
    return open;
}

double ends_kept_from_target(const History& history, const std::string& protocol) {
    double count = 0;
    for (const Event& event : history.events()) {
        const bool whose = protocol.empty() || label(event.labels, "protocol") == protocol;
        if (is_end(event) && whose && kept_from_target(event)) count += event.value;
    }
    return count;
}

/// Of a target without a log of its ends: totals, by protocol where it tells them apart. An attempt that failed for the
/// client may have been a connection to the target, and so may one that a fault made; and what never heard of an end
/// may rightly call itself open.
void compare_totals(const History& history, Discrepancies& found) {
    const bool by_protocol = std::all_of(history.events().begin(), history.events().end(), [](const Event& event) {
        return event.metric != "declared.disconnects" || !label(event.labels, "protocol").empty();
    });
    const std::vector<std::string> protocols =
        by_protocol ? std::vector<std::string>{"sse", "websocket"} : std::vector<std::string>{""};
    for (const std::string& protocol : protocols) {
        std::vector<Selector> whose;
        if (!protocol.empty()) whose.push_back({"protocol", protocol});
        const double declared = total_over_run(history, "declared.disconnects", whose);
        const double seen = total_over_run(history, "disconnects", whose) + total_over_run(history, "hangups", whose);
        const double uncertain = total_over_run(history, "handshake.failures", whose) +
                                 total_over_run(history, "publishers.connects", whose);
        const double extra = total_over_run(history, "faults.connects", whose);  // nobody's here to see them end
        const double open =
            std::min(declared_open(history, protocol).value_or(0), ends_kept_from_target(history, protocol));
        const std::string of = protocol.empty() ? "" : " (" + protocol + ")";
        found.add(declared - seen - uncertain - extra, "declared as ended, but not seen to end" + of);
        if (facts::target_restarted(history)) continue;  // its count is what it had come to at its last page, at least
        found.add(seen - declared - uncertain - open, "seen to end, but not declared" + of);
    }
}

bool declared_in_time(const Labels& end) {
    return !label(end, "declared").empty() && label(end, "at_stop").empty();
}

std::string how_it_ended(const Labels& end) {
    const std::string seen = label(end, "seen");
    const std::string late = label(end, "at_stop").empty() ? "" : ", declared only when the target was stopped";
    return label(end, "connection") + ": " + (seen.empty() ? "hung up by " + label(end, "how") : "seen " + seen) + late;
}

/// Some servers log only the ends that they make, and no profile says so. One hang-up with a line settles it, as such a
/// server has none to write (its own word would have made the end a disconnect); but not one that came as the target
/// was stopped, when that server ends whatever it still believes to be there.
bool logs_clients_ends(const History& history) {
    return std::any_of(history.events().begin(), history.events().end(),
                       [](const Event& event) { return event.metric == "hangups" && declared_in_time(event.labels); });
}

/// Each end against the target's line about it, and each line against the ends.
void compare_ends(const History& history, bool complete, Discrepancies& found) {
    std::set<std::string> words;
    for (const Event& event : history.events()) {
        if (is_end(event)) words.insert(label(event.labels, "declared"));
    }
    for (const Event& event : history.events()) {
        if (event.metric == "declared.unmatched") {
            const std::string connection = label(event.labels, "connection");
            const std::string whose = connection.empty() ? label(event.labels, "peer") : connection;
            found.add(1, connection.empty() ? "declared as ended, but no client's" : "declared as ended once more",
                      whose + ": " + label(event.labels, "reason"), event.at);
        }
        if (!is_end(event) || label(event.labels, "connection").empty()) continue;
        // Whoever declares it at the stop took it for open until then, whichever ends it logs.
        const bool at_stop = !label(event.labels, "at_stop").empty();
        const bool told = !kept_from_target(event) && !killed(event);
        const bool due = told && (complete || at_stop || event.metric == "disconnects");
        if (due && !declared_in_time(event.labels) && !facts::target_exited(history)) {
            found.add(1, "ended, but not declared", how_it_ended(event.labels), event.at);
        }
        const std::string odds = event.metric == "disconnects" ? contradiction(event.labels, words) : "";
        if (!odds.empty()) {
            found.add(1, "ended for another reason than declared", label(event.labels, "connection") + ": " + odds,
                      event.at);
        }
    }
}

/// The target has two books of its own. What it called open on its last page has ended since.
void compare_declared_reasons(const History& history, bool complete, Discrepancies& found) {
    const auto* log = facts::object(history.facts(), "declared_log");
    const auto* lines = log == nullptr ? nullptr : facts::object(*log, "disconnects");
    if (lines == nullptr || facts::target_exited(history) || facts::target_restarted(history)) return;
    std::map<std::string, double> page;
    for (const Event& event : history.events()) {
        if (event.metric == "declared.disconnects") page[label(event.labels, "reason")] += event.value;
    }
    if (page.count("") != 0) return;  // it tells no reasons
    std::map<std::string, double> logged;
    for (const auto& [reason, count] : *lines)
        logged[std::string(reason)] = count.is_number() ? count.to_number<double>() : 0;
    double since = declared_open(history, "").value_or(0);
    if (complete) {
        for (const auto& [reason, count] : page)
            logged.try_emplace(reason, 0);
    }
    for (const auto& [reason, count] : logged) {
        const double surplus = count - page[reason];
        const double excused = std::clamp(surplus, 0.0, since);
        since -= excused;
        found.add(surplus - excused, fmt::format("{} by the target's log, but not by its metrics", reason));
        found.add(-surplus, fmt::format("{} by the target's metrics, but not by its log", reason));
    }
}

/// The target says that it is gone, and the kernel that the target's process still has the socket.
void compare_held(const History& history, bool ends, Discrepancies& found) {
    const char* const kind = "declared as ended, but the target still has the socket";
    std::vector<const Event*> held;
    for (const Event& event : history.events()) {
        if (is_end(event) && !label(event.labels, "held").empty()) held.push_back(&event);
    }
    const auto name = [](const Event& event) {
        return label(event.labels, "connection") + ": " + label(event.labels, "held");
    };
    if (ends) {
        for (const Event* event : held) {
            if (!label(event->labels, "declared").empty()) found.add(1, kind, name(*event), event->at);
        }
        return;
    }
    const auto open = declared_open(history, "");
    if (!open || static_cast<double>(held.size()) <= *open) return;
    found.add(static_cast<double>(held.size()) - *open, kind);
    for (const Event* event : held)
        found.name(kind, name(*event));
}

}  // namespace

Measured account_connections(const History& history) {
    const double opened = total_over_run(history, "connects");
    if (opened <= 0) return {.problem = "no connection was opened"};
    const bool page = facts::declares(history, "disconnects");
    if (page) {
        const std::string problem = facts::page_problem(history);
        if (!problem.empty()) return {.samples = static_cast<std::uint64_t>(opened), .problem = problem};
    }
    const bool ends = facts::declares(history, "ends");
    const bool complete = ends && logs_clients_ends(history);
    Discrepancies found;
    balance_cohorts(history, found);
    if (ends) compare_ends(history, complete, found);
    if (ends && page) compare_declared_reasons(history, complete, found);
    if (page && !complete && !facts::target_exited(history)) compare_totals(history, found);
    compare_held(history, ends, found);
    return found.result(opened, "opened");
}

}  // namespace squall
