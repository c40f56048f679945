#include "suites/invariants/books.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "suites/invariants/facts.hpp"

namespace squall {
namespace {

const Window whole_run{std::numeric_limits<Nanos>::min(), std::numeric_limits<Nanos>::max(), 0, {}};
constexpr std::size_t named_max = 10;

std::string label(const Labels& labels, std::string_view name) {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string() : found->second;
}

double all(const History& history, std::string_view metric, const std::vector<Selector>& selectors = {}) {
    return total(counted(history, metric, selectors, whole_run));
}

bool metrics_were_read(const History& history) {
    return all(history, "declared.scrapes") > 0;
}

/// Whole numbers up to 2^53 are exact in doubles, and so is the quotient's being 1.
double share_of(double unaccounted, double expected) {
    return std::max(0.0, expected - unaccounted) / expected;
}

/// What does not add up, in words, and the connections that had part in it.
class Discrepancies {
public:
    void add(double how_many, std::string_view what) {
        if (how_many <= 0) return;
        total_ += how_many;
        words_.push_back(fmt::format("{:.0f} {}", how_many, what));
    }
    void name(const std::string& connection) {
        if (!connection.empty()) connections_.insert(connection);
    }
    void at(Nanos instant) { since_ = std::min(since_.value_or(instant), instant); }

    Measured result(double expected, std::string_view of_what) const {
        Measured measured{.value = share_of(total_, expected), .samples = static_cast<std::uint64_t>(expected)};
        if (total_ == 0) return measured;
        measured.since = since_;
        measured.detail = fmt::format("of {:.0f} {}: {}", expected, of_what, fmt::join(words_, ", "));
        if (connections_.empty()) return measured;
        const std::vector<std::string> some(
            connections_.begin(),
            std::next(connections_.begin(), static_cast<std::ptrdiff_t>(std::min(named_max, connections_.size()))));
        measured.detail += fmt::format("; connections {}", fmt::join(some, ", "));
        if (connections_.size() > named_max) {
            measured.detail += fmt::format(" and {} more", connections_.size() - named_max);
        }
        return measured;
    }

private:
    double total_ = 0;
    std::vector<std::string> words_;
    std::set<std::string> connections_;
    std::optional<Nanos> since_;
};

/// Names the connections in `metric`'s events, and keeps the first one's time.
void blame(const History& history, std::string_view metric, Discrepancies& found) {
    for (const Event& event : history.events()) {
        if (event.metric != metric || event.value <= 0) continue;
        found.name(label(event.labels, "connection"));
        found.at(event.at);
    }
}

Measured account_messages(const History& history) {
    const double expected = all(history, "messages.expected");
    if (expected <= 0) return {.problem = "no message was expected by anyone"};
    const bool declared = facts::declares(history, "drops");
    if (declared && !metrics_were_read(history)) return {.problem = "the target's metrics were never read"};
    const double missed = all(history, "messages.missed");
    const double in_flight = all(history, "messages.in_flight");
    const double duplicated = all(history, "messages.duplicated");
    const double drops = declared ? all(history, "declared.drops") : 0;

    Discrepancies found;
    found.add(missed - drops, declared ? "missed and not declared dropped" : "missed");
    // What was on its way to a connection that ended may have been dropped as well: the client cannot tell.
    found.add(drops - missed - in_flight, "declared dropped, but not missed");
    found.add(duplicated, "duplicated");
    if (missed > drops) blame(history, "messages.missed", found);
    if (duplicated > 0) blame(history, "messages.duplicated", found);
    return found.result(expected, "expected");
}

/// Connections by cohort: opened, ended, and by the gauge still open.
struct Ledger {
    double opened = 0;
    double ended = 0;
    double opened_before_sample = 0;
    double ended_before_sample = 0;
    double open = 0;
    Nanos sampled_at = std::numeric_limits<Nanos>::min();
};

using Cohort = std::pair<std::string, std::string>;  // name, shard

Cohort cohort_of(const Labels& labels) {
    return {label(labels, "cohort"), label(labels, "shard")};
}

std::map<Cohort, Ledger> ledgers(const History& history) {
    std::map<Cohort, Ledger> all;
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
        if (!opened && event.metric != "disconnects" && event.metric != "hangups") continue;
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
    std::set<std::pair<std::string, std::string>> ended;
    double again = 0;
    for (const Event& event : history.events()) {
        if (event.metric != "disconnects" && event.metric != "hangups") continue;
        const std::string connection = label(event.labels, "connection");
        if (connection.empty() || ended.emplace(connection, label(event.labels, "shard")).second) continue;
        again += 1;
        found.name(connection);
        found.at(event.at);
    }
    return again;
}

/// What the target declared against what its clients saw, by protocol where it tells them apart. An attempt that failed
/// for the client may have been a connection to the target.
void compare_declared(const History& history, Discrepancies& found) {
    const bool by_protocol = std::all_of(history.events().begin(), history.events().end(), [](const Event& event) {
        return event.metric != "declared.disconnects" || !label(event.labels, "protocol").empty();
    });
    const std::vector<std::string> protocols =
        by_protocol ? std::vector<std::string>{"sse", "websocket"} : std::vector<std::string>{""};
    for (const std::string& protocol : protocols) {
        std::vector<Selector> whose;
        if (!protocol.empty()) whose.push_back({"protocol", protocol});
        const double declared = all(history, "declared.disconnects", whose);
        const double seen = all(history, "disconnects", whose) + all(history, "hangups", whose);
        const double uncertain = all(history, "handshake.failures", whose);
        const std::string of = protocol.empty() ? "" : " (" + protocol + ")";
        found.add(declared - seen - uncertain, "declared as ended, but not seen to end" + of);
        found.add(seen - declared - uncertain, "seen to end, but not declared" + of);
    }
}

Measured account_connections(const History& history) {
    const double opened = all(history, "connects");
    if (opened <= 0) return {.problem = "no connection was opened"};
    const bool declared = facts::declares(history, "disconnects");
    if (declared && !metrics_were_read(history)) return {.problem = "the target's metrics were never read"};
    Discrepancies found;
    const double again = ended_again(history, found);
    found.add(again, "ended more than once");
    double forgiven = again;  // a second end is out of balance for the same reason: it is not held against it twice
    for (const auto& [cohort, ledger] : ledgers(history)) {
        const double off = unbalanced(ledger);
        found.add(off - forgiven, fmt::format("of cohort {} neither open nor ended, or never opened", cohort.first));
        forgiven = std::max(0.0, forgiven - off);
    }
    if (declared) compare_declared(history, found);
    return found.result(opened, "opened");
}

}  // namespace

Measured accounted(const History& history, std::string_view what) {
    if (what == "messages") return account_messages(history);
    if (what == "connections") return account_connections(history);
    return {.problem = fmt::format("there are no books of {}", what)};
}

}  // namespace squall
