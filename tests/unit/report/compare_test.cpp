#include "suites/report/compare.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "tests/unit/invariants/played_run.hpp"

namespace squall::report {
namespace {

using testing::HasSubstr;

Finding finding(const char* name, Verdict verdict) {
    return {.name = name, .verdict = verdict, .expected = name, .measured = "1", .bound = "2"};
}

/// What comes of one finding; no verdict: it is not there.
Change change(std::optional<Verdict> a, std::optional<Verdict> b) {
    const Scenario scenario;
    const History history;
    Judgement before{Verdict::pass, {finding("other", Verdict::pass)}}, after = before;
    if (a) before.findings.push_back(finding("x", *a));
    if (b) after.findings.push_back(finding("x", *b));
    const auto compared = compare({scenario, history, before, "a"}, {scenario, history, after, "b"});
    return compared->change();
}

TEST(Compare, AVerdictThatGotWorseIsWorse) {
    using enum Verdict;
    EXPECT_EQ(change(pass, pass), Change::same);
    EXPECT_EQ(change(pass, fail), Change::worse);
    EXPECT_EQ(change(fail, fail), Change::same);
    EXPECT_EQ(change(fail, pass), Change::better);
    EXPECT_EQ(change(pass, inconclusive), Change::unknown);
    EXPECT_EQ(change(pass, error), Change::unknown);
    EXPECT_EQ(change(inconclusive, fail), Change::worse);
    EXPECT_EQ(change(inconclusive, pass), Change::better);
    EXPECT_EQ(change(std::nullopt, fail), Change::worse);
    EXPECT_EQ(change(pass, std::nullopt), Change::unknown);
    EXPECT_EQ(change(fail, std::nullopt), Change::better);
}

TEST(Compare, ExitCodesAreTheGates) {
    Comparison comparison;
    EXPECT_EQ(exit_code(comparison), 3) << "nothing was compared";
    comparison.verdicts = {{.name = "x", .change = Change::better}};
    EXPECT_EQ(exit_code(comparison), 0);
    comparison.verdicts.push_back({.name = "y", .change = Change::unknown});
    EXPECT_EQ(exit_code(comparison), 3);
    comparison.verdicts.push_back({.name = "z", .change = Change::worse});
    EXPECT_EQ(exit_code(comparison), 1);
    comparison.gate = false;
    EXPECT_EQ(exit_code(comparison), 0);
}

TEST(Compare, OtherScenariosAreRefusedWithTheReason) {
    PlayedRun a, b;
    const Judgement judgement;
    b.scenario.phases[1].duration = 1000 * ms;
    auto compared = compare({a.scenario, a.history, judgement, "a"}, {b.scenario, b.history, judgement, "b"});
    ASSERT_FALSE(compared);
    EXPECT_THAT(compared.error().message, HasSubstr("pressure 4s"));
    b.scenario.name = "another";
    compared = compare({a.scenario, a.history, judgement, "a"}, {b.scenario, b.history, judgement, "b"});
    EXPECT_THAT(compared.error().message, HasSubstr("A is a run of played, B of another"));
}

TEST(Compare, FiguresSayWhetherTheyMayBeChance) {
    PlayedRun a, b;
    for (int n = 0; n < 4000; ++n) {
        const Nanos jitter = n * 7919 % 1000 * 1000;
        a.latencies("healthy", n * ms, {10 * ms + jitter});
        b.latencies("healthy", n * ms, {20 * ms + jitter});
        a.latencies("slow", n * ms, {10 * ms + jitter});
        b.latencies("slow", n * ms, {10 * ms + jitter / 2});
    }
    const Judgement judgement;
    const auto figures =
        compare_figures({a.scenario, a.history, judgement, "a"}, {b.scenario, b.history, judgement, "b"});
    const auto of = [&](const std::string& what) {
        return *std::find_if(figures.begin(), figures.end(), [&](const auto& figure) { return figure.what == what; });
    };
    const auto doubled = of("p50 latency, healthy (sse)");
    EXPECT_NEAR(doubled.ratio, 1.95, 0.02);
    EXPECT_TRUE(doubled.beyond_noise());
    const auto other = of("p99 latency, slow (websocket)");
    ASSERT_TRUE(other.noise);
    EXPECT_GE(*other.noise, 1.01);
}

TEST(Compare, TwoServersAreSideBySideAndOneServerIsGated) {
    const auto certificate = [](const char* server, CaseVerdict verdict) {
        Certificate one;
        one.server = server;
        one.cases.resize(1);
        one.cases[0].id = "1.1";
        one.cases[0].protocol = "sse";
        one.cases[0].verdict = verdict;
        one.cases[0].run = "runs/1";
        return one;
    };
    using enum CaseVerdict;
    const auto code = [&](CaseVerdict a, CaseVerdict b, const char* server = "x") {
        return exit_code(compare(certificate("x", a), certificate(server, b)));
    };
    EXPECT_EQ(code(ok, failed), 1);
    EXPECT_EQ(code(ok, non_strict), 1);
    EXPECT_EQ(code(non_strict, ok), 0);
    EXPECT_EQ(code(failed, failed), 0);
    EXPECT_EQ(code(ok, inconclusive), 3);
    EXPECT_EQ(code(inconclusive, failed), 1);
    EXPECT_EQ(code(ok, informational), 0);
    EXPECT_EQ(code(ok, failed, "y"), 0);

    auto fewer = certificate("x", ok), unplayed = certificate("x", inconclusive);
    fewer.cases.clear();
    unplayed.cases[0].run.clear();
    EXPECT_EQ(exit_code(compare(fewer, certificate("x", failed))), 1) << "a case that is new may fail, too";
    EXPECT_EQ(exit_code(compare(fewer, certificate("x", ok))), 0);
    EXPECT_EQ(exit_code(compare(unplayed, unplayed)), 0) << "what cannot be put to this server";
    EXPECT_EQ(exit_code(compare(certificate("x", ok), unplayed)), 3);
}

TEST(Compare, EveryOutputSaysTheSame) {
    Comparison comparison{.title = "<t>", .a = "a", .b = "b"};
    comparison.verdicts = {{"x|y", "pass", "fail", "1", "2", Change::worse, "note"}};
    comparison.figures = {{"pressure", "p99", "1ms", "2ms", 2, 1.5}};
    EXPECT_THAT(to_text(comparison, false), HasSubstr("worse        x|y: pass -> fail | 1 -> 2 | note"));
    EXPECT_THAT(to_text(comparison, false), HasSubstr("×2.00  beyond noise ×1.50"));
    EXPECT_THAT(to_html(comparison), HasSubstr("<b>×2.00</b>"));
    EXPECT_THAT(to_html(comparison), HasSubstr("&lt;t&gt;"));
    EXPECT_THAT(to_markdown(comparison), HasSubstr("| worse | x\\|y (note) | pass: 1 | fail: 2 |"));
    const auto json = boost::json::parse(to_json(comparison)).as_object();
    EXPECT_EQ(json.at("change"), "worse");
    EXPECT_EQ(json.at("exit_code"), 1);
}

}  // namespace
}  // namespace squall::report
