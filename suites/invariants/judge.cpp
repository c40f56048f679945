#include "suites/invariants/judge.hpp"

#include <exception>

#include "suites/invariants/facts.hpp"
#include "suites/invariants/invariant.hpp"

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

}  // namespace

Judgement judge(const Scenario& scenario, const History& history) {
    Judgement judgement;
    const Names names = names_of(scenario);
    for (const InvariantUse& invariant : scenario.invariants) {
        try {
            judgement.findings.push_back(judge_invariant(invariant, scenario, names, history));
        } catch (const std::exception& crash) {
            judgement.findings.push_back(unknown(invariant.name, invariant.expression.text, crash));
        }
    }
    try {
        for (Finding& finding : facts::findings(scenario, history))
            judgement.findings.push_back(std::move(finding));
    } catch (const std::exception& crash) {
        judgement.findings.push_back(unknown("facts", "the run's facts can be read", crash));
    }
    if (judgement.findings.empty()) return judgement;  // inconclusive
    judgement.verdict = Verdict::pass;
    for (const Finding& finding : judgement.findings)
        judgement.verdict = worse(judgement.verdict, finding.verdict);
    return judgement;
}

}  // namespace squall
