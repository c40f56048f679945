// The books of messages, connection by connection: expected = delivered + declared dropped + in flight.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include "suites/invariants/books.hpp"
#include "suites/invariants/discrepancies.hpp"
#include "suites/invariants/ends.hpp"
#include "suites/invariants/facts.hpp"

namespace squall {
namespace {

const char* const missed_undeclared = "missed and not declared dropped";
const char* const missed_only = "missed";
const char* const lost_with_process = "missed, and the target was killed before it could declare them dropped";
const char* const dropped_unmissed = "declared dropped, but not missed";
const char* const repeated = "duplicated";
const char* const undeclared_arrivals = "arrived beyond what was declared delivered";

/// A connection's label, "slow#3.1": that of its subscriber, and which of the subscriber's connections it is.
struct Place {
    std::string subscriber;
    unsigned long generation = 0;
};

Place place_of(const std::string& connection) {
    const auto dot = connection.rfind('.');
    if (dot == std::string::npos) return {connection};
    return {connection.substr(0, dot), std::strtoul(connection.c_str() + dot + 1, nullptr, 10)};
}

/// Empty: there is no such number in it.
std::optional<double> number(const Labels& labels, std::string_view name) {
    const std::string text = label(labels, name);
    if (text.empty()) return std::nullopt;
    return std::strtod(text.c_str(), nullptr);
}

struct Losses {
    double missed = 0;
    double in_flight = 0;
    double dropped = 0;  // as declared
    double excused = 0;  // of these: need not have been missed
    std::optional<Nanos> since;

    void add(const Losses& other) {
        missed += other.missed;
        in_flight += other.in_flight;
        dropped += other.dropped;
        excused += other.excused;
        if (other.since) since = std::min(since.value_or(*other.since), *other.since);
    }
};

struct Connection {
    std::string name;
    Losses losses;
    bool ended = false;
    bool declared = true;
    bool resumable = false;
    bool kept_from_target = false;  // what was dropped may have been published since, and owed to nobody
    bool killed = false;            // by a fault, with what the target had yet to declare about it
};

/// One subscriber over all its connections, by generation.
struct Account {
    Sharded cohort;
    std::map<unsigned long, Connection> connections;

    bool declared() const {
        return std::all_of(connections.begin(), connections.end(),
                           [](const auto& entry) { return entry.second.declared; });
    }
    Losses sum() const {
        Losses sum;
        for (const auto& [generation, connection] : connections)
            sum.add(connection.losses);
        return sum;
    }
    void settle();
};

/// What is booked once no attempt to come back has succeeded belongs to the connection before. What was dropped on a
/// connection that the next one resumed may have come on that one.
void Account::settle() {
    for (auto at = connections.begin(); at != connections.end();) {
        if (at->second.ended || at == connections.begin()) {
            ++at;
            continue;
        }
        std::prev(at)->second.losses.add(at->second.losses);
        at = connections.erase(at);
    }
    for (auto at = connections.begin(); at != connections.end(); ++at) {
        Connection& connection = at->second;
        const bool resumed = connection.resumable && std::next(at) != connections.end();
        if (resumed || connection.kept_from_target) connection.losses.excused = connection.losses.dropped;
    }
}

/// Who is told apart, and what is left.
struct Accounts {
    std::map<Sharded, Account> subscribers;
    std::map<Sharded, Losses> in_part;  // cohorts with too many ends or losses to tell them all apart
};

void book_loss(const Event& event, Losses& losses) {
    const bool missed = event.metric == "messages.missed";
    (missed ? losses.missed : losses.in_flight) += event.value;
    if (missed && event.value > 0) losses.since = std::min(losses.since.value_or(event.at), event.at);
}

void book_end(const Event& end, Connection& connection) {
    const auto drops = number(end.labels, "declared_dropped");
    connection.ended = true;
    connection.killed = killed(end);
    connection.declared = connection.declared && (drops || connection.killed);
    connection.resumable = !label(end.labels, "resumable").empty();
    connection.kept_from_target = kept_from_target(end);
    connection.losses.dropped += drops.value_or(0);
}

Accounts accounts_of(const History& history) {
    Accounts accounts;
    for (const Event& event : history.events()) {
        const bool end = is_end(event);
        if (!end && event.metric != "messages.missed" && event.metric != "messages.in_flight") continue;
        const std::string name = label(event.labels, "connection");
        const Sharded cohort = cohort_of(event.labels);
        if (name.empty()) {
            Losses& losses = accounts.in_part[cohort];
            if (!end) book_loss(event, losses);
            continue;
        }
        const Place place = place_of(name);
        Account& account = accounts.subscribers[{place.subscriber, cohort.second}];
        account.cohort = cohort;
        Connection& connection = account.connections[place.generation];
        connection.name = name;
        if (end) {
            book_end(event, connection);
        } else {
            book_loss(event, connection.losses);
        }
    }
    for (auto& [who, account] : accounts.subscribers)
        account.settle();
    return accounts;
}

/// A loss is noticed when a later message comes, which may be on a connection that resumed: only there do drops of the
/// ones before count, for what its own do not cover. They stay on offer to the next, since another publisher's gap may
/// show only then.
void judge_one(const Account& account, Discrepancies& found) {
    double carry = 0;
    bool after_killed = false;  // and resumes from it
    for (const auto& [generation, connection] : account.connections) {
        const Losses& losses = connection.losses;
        const double before = std::min(std::max(0.0, losses.missed - losses.dropped), carry);
        const double missing = losses.missed - before - losses.dropped;
        const double unused = std::max(0.0, losses.dropped - (losses.missed - before));
        const std::string off =
            fmt::format("{}: missed {:.0f}, declared dropped {:.0f}{}", connection.name, losses.missed, losses.dropped,
                        before > 0 ? fmt::format(", and {:.0f} before it", before) : "");
        const bool untold = connection.killed || after_killed;
        found.add(missing, untold ? lost_with_process : missed_undeclared, off, losses.since);
        found.add(unused - losses.excused - losses.in_flight, dropped_unmissed, off);
        after_killed = connection.killed && connection.resumable;
        carry = connection.resumable ? carry - before + unused : 0;
    }
}

/// Whoever cannot be judged apart is judged together: by the page's total, less what has been accounted for.
class Together {
public:
    void add(const Losses& losses) { all_.add(losses); }
    void add(const std::string& who, const Losses& losses) {
        add(losses);
        if (losses.missed > 0) losers_.push_back(fmt::format("{}: missed {:.0f}", who, losses.missed));
    }
    void judge(const History& history, double declared, bool declares, Discrepancies& found) const {
        const double dropped = declares ? std::max(all_.dropped, declared) : 0;
        // Of what a killed target counted, that since its last page is missing.
        const char* const undeclared = facts::target_restarted(history) ? lost_with_process : missed_undeclared;
        const char* const kind = declares ? undeclared : missed_only;
        found.add(all_.missed - dropped, kind, {}, all_.since);
        if (all_.missed > dropped) {
            for (const std::string& loser : losers_)
                found.name(kind, loser);
        }
        // What was dropped for connections that a fault opened is in the page's total, and nobody's to miss.
        if (total_over_run(history, "faults.connects") > 0) return;
        found.add(dropped - all_.excused - all_.missed - all_.in_flight, dropped_unmissed);
    }

private:
    Losses all_;
    std::vector<std::string> losers_;
};

/// False: somebody had to be judged together with others.
bool account_losses(const History& history, Discrepancies& found) {
    const Accounts accounts = accounts_of(history);
    const bool page = facts::declares(history, "drops");
    const bool by_connection = facts::declares(history, "drops_by_connection");
    double accounted = 0;
    bool apart = true;
    Together rest;
    for (const auto& [who, account] : accounts.subscribers) {
        const bool whole = accounts.in_part.count(account.cohort) == 0;
        if (by_connection && account.declared() && whole) {
            judge_one(account, found);
            accounted += account.sum().dropped;
        } else {
            rest.add(who.first, account.sum());
            apart = false;
        }
    }
    for (const auto& [cohort, losses] : accounts.in_part) {
        rest.add(losses);
        apart = false;
    }
    const double dropped = page ? total_over_run(history, "declared.drops") : 0;
    if (!apart || !by_connection) rest.judge(history, dropped - accounted, page || by_connection, found);
    return apart && by_connection;
}

/// The target has two books of its own.
void compare_declared_drops(const History& history, Discrepancies& found) {
    const auto* log = facts::object(history.facts(), "declared_log");
    const auto* dropped = log == nullptr ? nullptr : log->if_contains("dropped");
    if (dropped == nullptr || !dropped->is_number() || !facts::declares(history, "drops")) return;
    const double page = total_over_run(history, "declared.drops");
    const auto lines = dropped->to_number<double>();
    found.add(page - lines, "dropped by the target's metrics, but not by its log");
    found.add(lines - page, "dropped by the target's log, but not by its metrics");
}

/// What the kernel has not been given cannot have arrived.
void account_arrivals(const History& history, Discrepancies& found) {
    for (const Event& event : history.events()) {
        const auto arrived = is_end(event) ? number(event.labels, "arrived") : std::nullopt;
        const auto declared = number(event.labels, "declared_delivered");
        if (!arrived || !declared || *arrived <= *declared) continue;
        found.add(*arrived - *declared, undeclared_arrivals,
                  fmt::format("{}: arrived {:.0f}, declared delivered {:.0f}", label(event.labels, "connection"),
                              *arrived, *declared),
                  event.at);
    }
}

void account_repeats(const History& history, Discrepancies& found) {
    for (const Event& event : history.events()) {
        if (event.metric == "messages.duplicated") found.add(event.value, repeated, {}, event.at);
    }
    for (const Event& event : history.events()) {
        const auto times = is_end(event) ? number(event.labels, "repeated") : std::nullopt;
        if (times) found.name(repeated, fmt::format("{}: {:.0f}", label(event.labels, "connection"), *times));
    }
}

void account_deliveries(const History& history, Discrepancies& found) {
    account_arrivals(history, found);
    account_repeats(history, found);
}

}  // namespace

Measured account_messages(const History& history) {
    const double expected = total_over_run(history, "messages.expected");
    if (expected <= 0) return {.problem = "no message was expected by anyone"};
    if (facts::declares(history, "drops")) {
        const std::string problem = facts::page_problem(history);
        if (!problem.empty()) return {.samples = static_cast<std::uint64_t>(expected), .problem = problem};
    }
    Discrepancies found;
    const bool all_declared = account_losses(history, found);
    const bool both_whole = !facts::target_exited(history) && !facts::target_restarted(history);
    if (all_declared && both_whole) compare_declared_drops(history, found);
    account_deliveries(history, found);
    return found.result(expected, "expected");
}

bool lost_to_kills_only(const History& history) {
    Discrepancies lost;
    account_losses(history, lost);
    return lost.only(lost_with_process) && delivered_right(history);
}

bool delivered_right(const History& history) {
    Discrepancies found;
    account_deliveries(history, found);
    return found.none();
}

}  // namespace squall
