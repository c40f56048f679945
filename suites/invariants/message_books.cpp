// The books of messages, subscriber by subscriber: expected = delivered + declared dropped + in flight.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "suites/invariants/books.hpp"
#include "suites/invariants/discrepancies.hpp"
#include "suites/invariants/ends.hpp"
#include "suites/invariants/facts.hpp"

namespace squall {
namespace {

const char* const missed_undeclared = "missed and not declared dropped";
const char* const missed_only = "missed";
const char* const dropped_unmissed = "declared dropped, but not missed";
const char* const repeated = "duplicated";
const char* const undeclared_arrivals = "arrived beyond what was declared delivered";

using Sharded = std::pair<std::string, std::string>;  // name, shard

/// "slow#3" of the connection "slow#3.1".
std::string subscriber_of(const std::string& connection) {
    return connection.substr(0, connection.rfind('.'));
}

/// Empty: there is no such number in it.
std::optional<double> number(const Labels& labels, std::string_view name) {
    const std::string text = label(labels, name);
    if (text.empty()) return std::nullopt;
    return std::strtod(text.c_str(), nullptr);
}

/// One subscriber over all its connections.
struct Account {
    double missed = 0;
    double in_flight = 0;
    double dropped = 0;    // as declared
    double excused = 0;    // of these: need not have been missed
    bool declared = true;  // all of its connections
    double last_resumable = 0;
    std::optional<Nanos> since;

    void ended(const Event& end) {
        const Labels& labels = end.labels;
        // Another connection follows the one before: what that one's target dropped may have come on this one.
        excused += std::exchange(last_resumable, 0);
        const auto drops = number(labels, "declared_dropped");
        declared = declared && drops;
        dropped += drops.value_or(0);
        if (kept_from_target(end)) {
            excused += drops.value_or(0);  // published since, and owed to nobody
        } else if (!label(labels, "resumable").empty()) {
            last_resumable = drops.value_or(0);
        }
    }
    void add(const Account& other) {
        missed += other.missed;
        in_flight += other.in_flight;
        dropped += other.dropped;
        excused += other.excused;
        if (other.since) since = std::min(since.value_or(*other.since), *other.since);
    }
};

/// Who is told apart, and what is left.
struct Accounts {
    std::map<Sharded, Account> subscribers;
    std::set<Sharded> cohorts_in_part;  // too many ends or losses to tell them all apart
    std::map<Sharded, Account> in_part;
};

Accounts accounts_of(const History& history) {
    Accounts accounts;
    for (const Event& event : history.events()) {
        const bool missed = event.metric == "messages.missed";
        const bool end = is_end(event);
        if (!missed && !end && event.metric != "messages.in_flight") continue;
        const std::string shard = label(event.labels, "shard");
        const std::string connection = label(event.labels, "connection");
        const Sharded cohort{label(event.labels, "cohort"), shard};
        if (connection.empty()) accounts.cohorts_in_part.insert(cohort);
        Account& account =
            connection.empty() ? accounts.in_part[cohort] : accounts.subscribers[{subscriber_of(connection), shard}];
        if (end) {
            account.ended(event);
            continue;
        }
        (missed ? account.missed : account.in_flight) += event.value;
        if (missed && event.value > 0) account.since = std::min(account.since.value_or(event.at), event.at);
    }
    return accounts;
}

std::string cohort_of(const std::string& subscriber) {
    return subscriber.substr(0, subscriber.find('#'));
}

void judge_one(const std::string& who, const Account& account, Discrepancies& found) {
    const double kept = account.missed + account.in_flight;
    const auto off = [&] {
        return fmt::format("{}: missed {:.0f}, declared dropped {:.0f}", who, account.missed, account.dropped);
    };
    if (account.missed > account.dropped) {
        found.add(account.missed - account.dropped, missed_undeclared, off(), account.since);
    }
    const double for_good = account.dropped - account.excused;
    if (for_good > kept) found.add(for_good - kept, dropped_unmissed, off());
}

/// Whoever cannot be judged apart is judged together: by the page's total, less what has been accounted for.
class Together {
public:
    void add(const std::string& who, const Account& account) {
        all_.add(account);
        if (account.missed > 0 && !who.empty()) {
            losers_.push_back(fmt::format("{}: missed {:.0f}", who, account.missed));
        }
    }
    void judge(double declared, bool declares, Discrepancies& found) const {
        const double dropped = declares ? std::max(all_.dropped, declared) : 0;
        const char* const kind = declares ? missed_undeclared : missed_only;
        found.add(all_.missed - dropped, kind, {}, all_.since);
        if (all_.missed > dropped) {
            for (const std::string& loser : losers_)
                found.name(kind, loser);
        }
        found.add(dropped - all_.excused - all_.missed - all_.in_flight, dropped_unmissed);
    }

private:
    Account all_;
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
        const bool whole = accounts.cohorts_in_part.count({cohort_of(who.first), who.second}) == 0;
        if (by_connection && account.declared && whole) {
            judge_one(who.first, account, found);
            accounted += account.dropped;
        } else {
            rest.add(who.first, account);
            apart = false;
        }
    }
    for (const auto& [cohort, account] : accounts.in_part) {
        rest.add({}, account);
        apart = false;
    }
    const double dropped = page ? total_over_run(history, "declared.drops") : 0;
    if (!apart || !by_connection) rest.judge(dropped - accounted, page || by_connection, found);
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
    if (all_declared && !facts::target_exited(history)) compare_declared_drops(history, found);
    account_arrivals(history, found);
    account_repeats(history, found);
    return found.result(expected, "expected");
}

}  // namespace squall
