#include "suites/report/grade.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::report {
namespace {

std::string sentence(const Finding& finding) {
    std::string text = finding.name;
    if (!finding.measured.empty()) text += ": measured " + finding.measured;
    if (!finding.measured.empty() && !finding.bound.empty()) text += ", bound " + finding.bound;
    const bool unclear = finding.verdict == Verdict::inconclusive || finding.verdict == Verdict::error;
    if (unclear && !finding.detail.empty()) text += ": " + finding.detail;
    return text.substr(0, text.find('\n'));  // a target's last words, for one, are in the finding itself
}

/// The first one, and how many there are besides.
std::string sentence(const std::vector<const Finding*>& findings) {
    const auto more = findings.size() > 1 ? fmt::format(" (and {} more)", findings.size() - 1) : "";
    return sentence(*findings.front()) + more;
}

/// What was not played, since the server's own limits are longer than the case, shows nothing.
bool is_good(const CaseResult& result) {
    const bool informs = result.verdict == CaseVerdict::informational && !result.run.empty();
    return result.verdict == CaseVerdict::ok || result.verdict == CaseVerdict::non_strict || informs;
}

}  // namespace

Grade grade(const Scenario& scenario, const Judgement& judgement) {
    std::vector<const Finding*> failed, unclear, lax, told;
    for (const Finding& finding : judgement.findings) {
        if (finding.requirement == Requirement::informational) {
            if (!finding.measured.empty()) told.push_back(&finding);
        } else if (finding.verdict == Verdict::inconclusive || finding.verdict == Verdict::error) {
            unclear.push_back(&finding);
        } else if (finding.verdict == Verdict::fail) {
            (finding.requirement == Requirement::must ? failed : lax).push_back(&finding);
        }
    }
    if (!failed.empty()) return {CaseVerdict::failed, sentence(failed)};
    if (!unclear.empty()) return {CaseVerdict::inconclusive, sentence(unclear)};
    if (!lax.empty()) return {CaseVerdict::non_strict, sentence(lax)};
    const bool required =
        std::any_of(scenario.invariants.begin(), scenario.invariants.end(),
                    [](const InvariantUse& i) { return i.requirement != Requirement::informational; });
    if (judgement.findings.empty()) return {CaseVerdict::inconclusive, "nothing was found out"};
    if (required) return {CaseVerdict::ok, ""};
    if (told.empty()) return {CaseVerdict::inconclusive, "nothing was measured"};
    std::string reason;
    for (const Finding* finding : told)
        reason += (reason.empty() ? "" : "; ") + finding->name + ": " + finding->measured;
    return {CaseVerdict::informational, reason};
}

bool reached(const Level& level, const std::vector<CaseResult>& results) {
    return !level.cases.empty() && std::all_of(level.cases.begin(), level.cases.end(), [&](const std::string& id) {
        const auto is_it = [&](const CaseResult& result) { return result.id == id; };
        return std::any_of(results.begin(), results.end(), is_it) &&
               std::all_of(results.begin(), results.end(),
                           [&](const CaseResult& result) { return !is_it(result) || is_good(result); });
    });
}

std::string in_the_way(const Level& level, const std::vector<CaseResult>& results) {
    std::string text;
    for (const auto& result : results) {
        if (std::find(level.cases.begin(), level.cases.end(), result.id) == level.cases.end() || is_good(result))
            continue;
        text +=
            fmt::format("{}{} {} {}", text.empty() ? "" : ", ", result.id, result.protocol, to_string(result.verdict));
    }
    return text;
}

}  // namespace squall::report
