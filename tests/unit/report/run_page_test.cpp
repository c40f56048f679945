#include <gmock/gmock.h>

#include "suites/report/html.hpp"
#include "suites/report/report.hpp"
#include "suites/report/run_tables.hpp"
#include "tests/unit/invariants/played_run.hpp"

namespace squall::report {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page(const PlayedRun& run, const std::string& scenario_text = "") {
    return to_html(run.scenario, run.history, judge(run.scenario, run.history), scenario_text);
}

TEST(RunPage, TheVerdictComesFirstAndThenWhatFailed) {
    PlayedRun run;
    run.latencies("healthy", 4000 * ms, std::vector<Nanos>(500, 40 * ms));
    run.expect("p99(delivery.latency) <= 1h during pressure", 1, "easy");
    run.expect("p99(delivery.latency) <= 20ms during pressure", 1, "hard");
    const auto html = page(run);
    EXPECT_LT(html.find("<strong>fail</strong>"), html.find("id=\"findings\""));
    EXPECT_LT(html.find(">hard<"), html.find(">easy<"));
    EXPECT_THAT(html, HasSubstr("<dt>measured</dt><dd>40ms</dd>"));
    EXPECT_THAT(html, HasSubstr("<dt>bound</dt><dd>20ms</dd>"));
    EXPECT_THAT(html, HasSubstr("<dt>margin</dt><dd>-100%</dd>"));
    EXPECT_THAT(html, HasSubstr("Delivery latency: healthy (sse)"));
    EXPECT_THAT(html, HasSubstr("limit of #1<"));
    EXPECT_THAT(html, HasSubstr("CPU throttling (share of the time): this run has no samples of it"));
}

TEST(RunPage, OfNothingThereIsAPage) {
    const auto html = to_html({}, {}, {}, "");
    EXPECT_THAT(html, HasSubstr("inconclusive"));
    EXPECT_THAT(html, HasSubstr("</html>"));
    EXPECT_THAT(html, Not(HasSubstr("<figure")));
}

TEST(RunPage, FactsOfOtherShapesDoNoHarm) {
    PlayedRun run;
    run.history.facts() = {
        {"injections", {1, {{"name", 7}, {"witness", "?"}}}}, {"command", "x"}, {"host", 1}, {"settings", {{"a", 1}}},
        {"target", {{"exited", 1}, {"declares", 2}}},         {"rig", nullptr}};
    EXPECT_THAT(page(run), HasSubstr("</html>"));
}

TEST(RunPage, WhatAScenarioCallsThingsIsText) {
    const std::string hostile = "</script><img src=x onerror=alert(1)>\"'`&";
    PlayedRun run;
    run.scenario.name = run.scenario.summary = run.scenario.why = hostile;
    run.scenario.cohorts[0].name = run.scenario.phases[0].name = hostile;
    run.history.span({hostile, 0, 4000 * ms});
    run.history.record("delivery.latency", {{"cohort", hostile}, {"protocol", "sse"}}, ms, ms);
    run.history.event(
        {ms, "disconnects", {{"cohort", hostile}, {"seen", hostile}, {"declared", hostile}, {"reason", hostile}}});
    run.history.facts() = {{"run_id", hostile},
                           {"command", {hostile}},
                           {"notes", {hostile}},
                           {"settings", {{hostile, hostile}}},
                           {"rig", {{"problems", {hostile}}}},
                           {"target", {{"name", hostile}}},
                           {"host", {{"kernel", hostile}}},
                           {"injections",
                            {{{"fault", hostile},
                              {"name", hostile},
                              {"phase", hostile},
                              {"injected_at_ns", 1000},
                              {"witness", {{"evidence", hostile}}}}}}};
    const auto html = page(run, hostile);
    EXPECT_THAT(html, Not(HasSubstr("<img")));
    EXPECT_EQ(html.find("</script>"), html.rfind("</script>"));
}

TEST(RunPage, AnHourFitsInAMegabyte) {
    PlayedRun run;
    constexpr Nanos hour = 3600 * nanos_per_second;
    run.history = {};
    run.history.span({"baseline", 0, hour});
    run.history.span({"run", 0, hour});
    Histogram values;
    for (Nanos at = 0; at < hour; at += slice_length) {
        values = {};
        values.record(1000 + at % 999'983);
        for (const char* cohort : {"healthy", "slow"})
            run.history.merge_slice("delivery.latency", {{"cohort", cohort}, {"protocol", "sse"}}, slice_of(at),
                                    values);
        run.history.merge_slice("publish.latency", {{"publisher", "ticker"}}, slice_of(at), values);
        for (const char* metric :
             {"target.memory", "target.cpu", "target.throttled", "queued.bytes", "target.send_queue"})
            run.history.sample(metric, {}, at, 0.1 + static_cast<double>(at % 7919));
        for (const char* stat : {"p50", "p95", "p99", "max"})
            run.history.sample("queue.depth", {{"stat", stat}}, at, static_cast<double>(at % 101));
        run.history.event({at, "messages.delivered", {{"cohort", "healthy"}}, static_cast<double>(at % 13)});
        run.history.event({at, "disconnects", {{"cohort", "healthy"}, {"seen", "reset"}}, 1});
    }
    const auto html = page(run);
    EXPECT_LT(html.size(), 1'000'000U);
    EXPECT_THAT(html, HasSubstr("CPU throttling"));
}

TEST(Disconnects, AreAMatrixOfThreeViews) {
    PlayedRun run;
    run.history.facts() = {{"target", {{"declares", {{"ends", true}}}}}};
    run.history.sample("target.sockets", {{"state", "established"}}, 0, 1);
    const Labels end{
        {"cohort", "slow"}, {"seen", "close_1013"}, {"declared", "slow_consumer"}, {"reason", "slow_consumer"}};
    for (const Nanos at : {5000 * ms, 6000 * ms})
        run.history.event({at, "disconnects", end});
    run.history.event({7000 * ms, "hangups", {{"cohort", "healthy"}, {"how", "close"}, {"held", "close_wait"}}});
    const auto html = disconnects_html(run.history);
    EXPECT_THAT(html,
                HasSubstr("<td>slow</td><td>close_1013</td><td>slow_consumer</td><td>gone</td><td>slow_consumer</td>"
                          "<td class=\"n\">2</td><td class=\"n\">5.00 s</td><td class=\"n\">6.00 s</td>"));
    EXPECT_THAT(html, HasSubstr("<td>ended by squall: close</td><td>said nothing of it</td><td>close_wait</td>"));
    EXPECT_EQ(disconnects_html({}), "");
}

TEST(Escaping, LeavesNoMarkup) {
    EXPECT_EQ(escape("a<b>&\"'\n\x1b"), "a&lt;b&gt;&amp;&quot;&#39;\n\xEF\xBF\xBD");
}

}  // namespace
}  // namespace squall::report
