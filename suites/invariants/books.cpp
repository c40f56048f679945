#include "suites/invariants/books.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "suites/invariants/facts.hpp"

namespace squall {
namespace {

bool stated(const Scenario& scenario, std::string_view what) {
    return std::any_of(scenario.invariants.begin(), scenario.invariants.end(), [&](const InvariantUse& invariant) {
        const auto all = measurements(invariant.expression);
        return std::any_of(all.begin(), all.end(), [&](const Measurement& measurement) {
            return measurement.aggregation == Aggregation::accounted && measurement.metric == what;
        });
    });
}

Finding finding_on(std::string_view what, const char* expected, const Measured& measured) {
    Finding finding;
    finding.name = fmt::format("books: {}", what);
    finding.expected = expected;
    finding.phase = "run";
    finding.samples = measured.samples;
    finding.detail = measured.problem.empty() ? measured.detail : measured.problem;
    if (!measured.problem.empty()) return finding;
    finding.verdict = measured.value == 1 ? Verdict::pass : Verdict::fail;
    finding.measured = fmt::format("{:.10g}%", measured.value * 100);
    finding.bound = "100%";
    finding.margin = measured.value - 1;
    finding.since = measured.since;
    return finding;
}

}  // namespace

Measured accounted(const History& history, std::string_view what) {
    if (what == "messages") return account_messages(history);
    if (what == "connections") return account_connections(history);
    return {.problem = fmt::format("there are no books of {}", what)};
}

std::vector<Finding> judge_unstated_books(const Scenario& scenario, const History& history) {
    std::vector<Finding> findings;
    const Measured messages = account_messages(history);
    if (!stated(scenario, "messages") && messages.samples > 0) {
        Finding finding =
            finding_on("messages", "what was expected is delivered, declared dropped or in flight", messages);
        const bool declared = facts::declares(history, "drops") || facts::declares(history, "drops_by_connection");
        if (finding.verdict == Verdict::fail && !declared && delivered_right(history)) {
            // docs/adr/0006: what it lost it may have meant to drop, and cannot say so.
            finding.verdict = Verdict::inconclusive;
            finding.detail +=
                "; the target declares no drops (declared.drops, or log.dropped, in its profile), and no invariant "
                "says how many it may lose: accounted(messages) >= …";
        }
        if (finding.verdict == Verdict::fail && lost_to_kills_only(history)) {
            finding.verdict = Verdict::inconclusive;
            finding.detail += "; no invariant says how many may be lost with a process: accounted(messages) >= …";
        }
        findings.push_back(std::move(finding));
    }
    const Measured connections = account_connections(history);
    if (!stated(scenario, "connections") && connections.samples > 0) {
        findings.push_back(finding_on(
            "connections", "what was opened is open or has ended once, and everybody agrees how", connections));
    }
    return findings;
}

}  // namespace squall
