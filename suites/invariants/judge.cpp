#include "suites/invariants/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "suites/invariants/books.hpp"
#include "suites/invariants/facts.hpp"
#include "suites/invariants/host_share.hpp"
#include "suites/invariants/invariant.hpp"
#include "suites/invariants/measure.hpp"
#include "suites/invariants/window.hpp"

namespace squall {
namespace {

/// A check that crashes has found out nothing: that is neither a pass nor the target's failure.
Finding unknown(const std::string& name, const std::string& expected, const std::exception& crash) {
    Finding finding;
    finding.name = name;
    finding.expected = expected;
    finding.detail = std::string("the check itself failed: ") + crash.what();
    return finding;
}

/// A violation that a fault was to bring about is none if the fault did not bite: whoever was not put under pressure
/// cannot have failed under it. What happened before the injection counts all the same.
void withhold(Finding& finding, const Window& window, const facts::Untested& untested) {
    const bool before = window.end <= untested.since || (finding.since && *finding.since < untested.since);
    if (finding.verdict != Verdict::fail || before) return;
    finding.verdict = Verdict::inconclusive;
    finding.detail += (finding.detail.empty() ? "" : "; ") +
                      ("would be violated, but the fault " + untested.fault + " left no witness");
}

/// While the host stands still, messages are late, connections silent and limits missed, whoever the target is.
void withhold_stalled(Finding& finding, const Window& window, const History& history) {
    const auto stall = finding.verdict == Verdict::fail ? stall_in(history, window) : std::nullopt;
    if (!stall) return;
    finding.verdict = Verdict::inconclusive;
    finding.detail += (finding.detail.empty() ? "" : "; ") +
                      fmt::format("would be violated, but the host stood still for {:.1f}s from {:.1f}s on",
                                  to_seconds(stall->end - stall->start), to_seconds(stall->start));
}

bool about_missed_messages(const Expression& expression) {
    const auto all = measurements(expression);
    return std::any_of(all.begin(), all.end(), [](const Measurement& measurement) {
        const bool books = measurement.aggregation == Aggregation::accounted && measurement.metric == "messages";
        return books || measurement.metric == "messages.missed";
    });
}

/// Behind its own schedule, the rig publishes its last messages as the load ends, and they have no time to arrive. Who
/// misses more than those has missed others.
void withhold_late(Finding& finding, const Scenario& scenario, const History& history) {
    Nanos load_end = 0;
    for (const Span& span : history.spans())
        if (span.name == "load") load_end = std::max(load_end, span.end);
    if (finding.verdict != Verdict::fail || !finding.since || *finding.since < load_end) return;
    const Nanos tail = load_end - nanos_per_second;
    const Window window{tail, load_end, tail, ""};
    const auto problem = rig_problem(scenario, history, window);
    const Measured last = measure(history, {Aggregation::count, "messages.published", {}}, window);
    const bool others = std::any_of(history.events().begin(), history.events().end(), [&](const Event& event) {
        return event.metric == "messages.missed" && event.value > last.value;
    });
    if (problem.empty() || others) return;
    finding.verdict = Verdict::inconclusive;
    finding.detail += (finding.detail.empty() ? "" : "; ") + ("the last messages had no time to arrive: " + problem);
}

/// Of a target that gives no reasons, only what the wire shows is known: a reason that was not seen may have been one.
void withhold_reasons(Finding& finding, const Expression& expression) {
    const auto all = measurements(expression);
    const bool by_reason = std::any_of(all.begin(), all.end(), [](const Measurement& measurement) {
        return std::any_of(measurement.selectors.begin(), measurement.selectors.end(),
                           [](const Selector& selector) { return selector.label == "reason"; });
    });
    if (finding.verdict != Verdict::fail || !by_reason) return;
    finding.verdict = Verdict::inconclusive;
    finding.detail +=
        (finding.detail.empty() ? "" : "; ") + std::string("the target declares no reasons (log in its profile)");
}

}  // namespace

Judgement judge(const Scenario& scenario, const History& history) {
    Judgement judgement;
    const Names names = names_of(scenario);
    const auto untested = facts::first_untested(scenario, history);
    for (const InvariantUse& invariant : scenario.invariants) {
        try {
            Finding finding = judge_invariant(invariant, scenario, names, history);
            if (!facts::declares(history, "reasons")) withhold_reasons(finding, invariant.expression);
            const Window window = window_of(invariant.expression, names, history);
            if (untested) withhold(finding, window, *untested);
            withhold_stalled(finding, window, history);
            if (about_missed_messages(invariant.expression)) withhold_late(finding, scenario, history);
            judgement.findings.push_back(std::move(finding));
        } catch (const std::exception& crash) {
            judgement.findings.push_back(unknown(invariant.name, invariant.expression.text, crash));
        }
        judgement.findings.back().requirement = invariant.requirement;
    }
    try {
        const Window run = span_window("run", history);
        for (Finding& finding : judge_unstated_books(scenario, history)) {
            if (!run.problem.empty()) {  // cut short: what was under way had no time to arrive
                finding.verdict = Verdict::inconclusive;
                finding.detail += (finding.detail.empty() ? "" : "; ") + run.problem;
            }
            if (untested) withhold(finding, run, *untested);
            withhold_stalled(finding, run, history);
            if (finding.name == "books: messages") withhold_late(finding, scenario, history);
            judgement.findings.push_back(std::move(finding));
        }
    } catch (const std::exception& crash) {
        judgement.findings.push_back(unknown("books", "the books of messages and connections balance", crash));
    }
    try {
        for (Finding& finding : facts::findings(scenario, history))
            judgement.findings.push_back(std::move(finding));
    } catch (const std::exception& crash) {
        judgement.findings.push_back(unknown("facts", "the run's facts can be read", crash));
    }
    if (judgement.findings.empty()) return judgement;  // inconclusive
    judgement.verdict = Verdict::pass;
    for (const Finding& finding : judgement.findings) {
        if (finding.requirement == Requirement::informational) continue;
        judgement.verdict = worse(judgement.verdict, finding.verdict);
    }
    return judgement;
}

}  // namespace squall
