#include "suites/report/certificate_page.hpp"

#include <gmock/gmock.h>

namespace squall::report {
namespace {

using testing::HasSubstr;
using testing::Not;

CaseResult result(const std::string& id, const std::string& protocol, CaseVerdict verdict) {
    CaseResult one;
    one.id = id;
    one.name = "case-" + id;
    one.group = "group " + id.substr(0, id.find('.'));
    one.protocol = protocol;
    one.verdict = verdict;
    one.reason = verdict == CaseVerdict::ok ? "" : "because of " + id;
    one.run = "runs/" + id;
    one.command = "squall run case-" + id;
    one.judgement = {Verdict::fail,
                     {{.name = "tail", .verdict = Verdict::fail, .expected = "p99(x) < 1", .measured = "2"}}};
    return one;
}

Certificate certificate(const std::string& server, std::vector<CaseResult> cases) {
    Certificate one;
    one.server = server;
    one.version = "1.2";
    one.made_at = "2026-11-21T12:00:00Z";
    one.cases = std::move(cases);
    one.levels = {{"delivers", "it delivers", {"1.1"}, true}, {"bounded", "memory is bounded", {"3.2"}, false}};
    return one;
}

TEST(Index, HasACellForEachCaseServerAndProtocol) {
    const std::vector<Listed> servers{
        {certificate("alpha", {result("1.1", "sse", CaseVerdict::ok), result("3.10", "sse", CaseVerdict::failed),
                               result("3.9", "websocket", CaseVerdict::non_strict)}),
         "alpha"},
        {certificate("beta", {result("1.1", "sse", CaseVerdict::inconclusive)}), "../b eta"}};
    const auto html = index_html(servers);
    EXPECT_THAT(
        html, HasSubstr("<a href=\"./alpha/cases/3.10-sse.html\" title=\"because of 3.10\"><span class=\"pill bad\">"));
    EXPECT_THAT(html, HasSubstr("./../b%20eta/certificate.html"));
    EXPECT_THAT(html, HasSubstr("not played"));
    EXPECT_LT(html.find("3.9 case-3.9"), html.find("3.10 case-3.10")) << "numbers are numbers";
}

TEST(Certificates, HostileTextIsText) {
    const std::string hostile = "javascript:alert(1)//</a><script>|\n# `x`";
    auto one = result(hostile, hostile, CaseVerdict::failed);
    one.name = one.group = one.summary = one.why = one.source = one.reason = one.run = one.command = hostile;
    auto whole = certificate(hostile, {one});
    whole.version = whole.summary = whole.host = whole.command = whole.levels[0].name = hostile;
    for (const auto& html :
         {index_html({{whole, hostile}}), certificate_html(whole), case_html(whole, one, true), badge_svg(whole)}) {
        EXPECT_EQ(html.find("<script>"), html.rfind("<script>")) << "its own, and no other";
        EXPECT_THAT(html, Not(HasSubstr("href=\"javascript:")));
    }
    EXPECT_EQ(case_page(one).find_first_of("<>:| \n"), std::string::npos);
    const auto markdown = to_markdown(std::vector<Listed>{{whole, "."}});
    EXPECT_THAT(markdown, Not(HasSubstr("<script>")));
    EXPECT_THAT(markdown, Not(HasSubstr("\n# ")));
}

TEST(Badge, SaysTheHighestLevelThatIsReached) {
    EXPECT_THAT(badge_svg(certificate("alpha", {})), HasSubstr("aria-label=\"squall: alpha: delivers\""));
    auto none = certificate("alpha", {result("1.1", "sse", CaseVerdict::failed)});
    none.levels[0].reached = false;
    none.levels[1].reached = true;
    EXPECT_THAT(badge_svg(none), HasSubstr("FAILED")) << "a level counts with all below it";
    none.cases = {result("1.1", "sse", CaseVerdict::unimplemented)};
    EXPECT_THAT(badge_svg(none), HasSubstr("UNIMPLEMENTED")) << "nothing was shown";
}

TEST(Markdown, FitsAStepSummaryAndSaysWhatDoesNot) {
    std::vector<RunResult> runs(3000);
    for (auto& run : runs) {
        run.scenario = "many";
        run.judgement.verdict = Verdict::fail;
        run.judgement.findings.resize(1);
        run.judgement.findings[0].name = std::string(500, '<');
    }
    const auto text = to_markdown(runs);
    EXPECT_LE(text.size(), markdown_bytes_max + 100);
    EXPECT_THAT(text, HasSubstr("more did not fit in here"));
}

TEST(Markdown, WhatDidNotHoldIsOpen) {
    RunResult good{"good", "", "", 1, {Verdict::pass, {{.name = "a|b", .verdict = Verdict::pass}}}};
    RunResult bad{"bad", "", "squall run bad", 1, {Verdict::fail, {{.name = "c", .verdict = Verdict::fail}}}};
    const auto text = to_markdown(std::vector<RunResult>{good, bad});
    EXPECT_THAT(text, HasSubstr("| bad | ❌ fail | 0 of 1 |"));
    EXPECT_THAT(text, HasSubstr("<details open><summary>bad: fail"));
    EXPECT_THAT(text, HasSubstr("<details><summary>good: pass"));
    EXPECT_THAT(text, HasSubstr("a\\|b"));
    EXPECT_THAT(text, HasSubstr("Again: `squall run bad`"));
}

}  // namespace
}  // namespace squall::report
