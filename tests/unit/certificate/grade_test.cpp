// From findings to what a certificate says.
#include "suites/report/grade.hpp"

#include <gtest/gtest.h>

namespace squall::report {
namespace {

Finding finding(Requirement requirement, Verdict verdict, std::string name = "queues stay short") {
    Finding finding{.name = std::move(name), .verdict = verdict, .measured = "7", .bound = "5"};
    finding.detail = "too few samples";
    finding.requirement = requirement;
    return finding;
}

/// A case with one invariant for each finding.
Grade graded(std::vector<Finding> findings) {
    Scenario scenario;
    Judgement judgement;
    for (Finding& each : findings) {
        scenario.invariants.push_back({.name = each.name, .requirement = each.requirement});
        judgement.findings.push_back(std::move(each));
    }
    return grade(scenario, judgement);
}

constexpr auto must = Requirement::must;
constexpr auto should = Requirement::should;
constexpr auto informational = Requirement::informational;

TEST(Grade, AllThatHoldsIsOkWithoutAReason) {
    const Grade grade = graded({finding(must, Verdict::pass), finding(should, Verdict::pass)});
    EXPECT_EQ(grade.verdict, CaseVerdict::ok);
    EXPECT_EQ(grade.reason, "");
}

TEST(Grade, AViolatedMustFailsWhateverElseCouldNotBeTold) {
    const Grade grade = graded({finding(should, Verdict::inconclusive), finding(should, Verdict::fail, "quick"),
                                finding(must, Verdict::fail, "nothing is lost")});
    EXPECT_EQ(grade.verdict, CaseVerdict::failed);
    EXPECT_EQ(grade.reason, "nothing is lost: measured 7, bound 5");
}

TEST(Grade, WhatCouldNotBeToldHidesAViolatedShould) {
    const Grade grade =
        graded({finding(should, Verdict::fail), finding(must, Verdict::inconclusive, "nothing is lost")});
    EXPECT_EQ(grade.verdict, CaseVerdict::inconclusive);
    EXPECT_EQ(grade.reason, "nothing is lost: measured 7, bound 5: too few samples");
}

TEST(Grade, AViolatedShouldIsNonStrict) {
    const Grade grade = graded({finding(must, Verdict::pass), finding(should, Verdict::fail, "quick"),
                                finding(should, Verdict::fail, "quiet")});
    EXPECT_EQ(grade.verdict, CaseVerdict::non_strict);
    EXPECT_EQ(grade.reason, "quick: measured 7, bound 5 (and 1 more)");
}

TEST(Grade, InformationCountsForNothing) {
    EXPECT_EQ(graded({finding(must, Verdict::pass), finding(informational, Verdict::fail)}).verdict, CaseVerdict::ok);
    EXPECT_EQ(graded({finding(must, Verdict::pass), finding(informational, Verdict::inconclusive)}).verdict,
              CaseVerdict::ok);
}

TEST(Grade, ACaseThatRequiresNothingSaysWhatWasMeasured) {
    const Grade grade =
        graded({finding(informational, Verdict::fail, "memory"), finding(informational, Verdict::pass, "CPU")});
    EXPECT_EQ(grade.verdict, CaseVerdict::informational);
    EXPECT_EQ(grade.reason, "memory: 7; CPU: 7");
}

TEST(Grade, NothingMeasuredIsNoInformation) {
    Finding empty = finding(informational, Verdict::inconclusive);
    empty.measured.clear();
    EXPECT_EQ(graded({empty}).verdict, CaseVerdict::inconclusive);
    EXPECT_EQ(graded({}).verdict, CaseVerdict::inconclusive);
}

TEST(Grade, ARigThatFailedCouldNotTell) {
    Judgement judgement{Verdict::error, {finding(must, Verdict::error, "rig")}};
    judgement.findings[0].detail = "the target did not start; its last words:\nno";
    EXPECT_EQ(grade(Scenario{}, judgement).verdict, CaseVerdict::inconclusive);
    EXPECT_EQ(grade(Scenario{}, judgement).reason,
              "rig: measured 7, bound 5: the target did not start; its last words:");
}

TEST(Grade, ATargetThatDiedFailsEvenACaseForInformation) {
    Scenario scenario;
    scenario.invariants.push_back({.name = "memory", .requirement = informational});
    Judgement judgement{
        Verdict::fail,
        {finding(informational, Verdict::pass, "memory"), finding(must, Verdict::fail, "target: exited")}};
    EXPECT_EQ(grade(scenario, judgement).verdict, CaseVerdict::failed);
}

CaseResult result(std::string id, std::string protocol, CaseVerdict verdict) {
    CaseResult result;
    result.id = std::move(id);
    result.protocol = std::move(protocol);
    result.verdict = verdict;
    result.run = "runs/1";
    return result;
}

TEST(Level, IsReachedByAllOfItsCasesOverEveryProtocol) {
    const Level level{"delivers", "", {"1.1", "1.2"}, false};
    std::vector<CaseResult> results{
        result("1.1", "sse", CaseVerdict::ok), result("1.1", "websocket", CaseVerdict::non_strict),
        result("1.2", "sse", CaseVerdict::informational), result("9.9", "sse", CaseVerdict::failed)};
    EXPECT_TRUE(reached(level, results));
    results[1].verdict = CaseVerdict::inconclusive;
    EXPECT_FALSE(reached(level, results));
    results[1].verdict = CaseVerdict::unimplemented;
    EXPECT_FALSE(reached(level, results));
    results[1].verdict = CaseVerdict::failed;
    EXPECT_FALSE(reached(level, results));
}

TEST(Level, IsNotReachedByCasesThatWereNotPlayed) {
    EXPECT_FALSE(reached({"delivers", "", {"1.1", "1.2"}, false}, {result("1.1", "sse", CaseVerdict::ok)}));
    EXPECT_EQ(in_the_way({"delivers", "", {"1.1", "1.2"}, false},
                         {result("1.1", "sse", CaseVerdict::ok), result("1.1", "websocket", CaseVerdict::failed),
                          result("1.2", "sse", CaseVerdict::unimplemented), result("1.3", "sse", CaseVerdict::failed)}),
              "1.1 websocket FAILED, 1.2 sse UNIMPLEMENTED");
    EXPECT_FALSE(reached({"resumes", "", {}, false}, {result("1.1", "sse", CaseVerdict::ok)}));
    auto longer_than_the_case = result("1.1", "sse", CaseVerdict::informational);
    EXPECT_TRUE(reached({"honest", "", {"1.1"}, false}, {longer_than_the_case}));
    longer_than_the_case.run.clear();
    EXPECT_FALSE(reached({"honest", "", {"1.1"}, false}, {longer_than_the_case}));
}

}  // namespace
}  // namespace squall::report
