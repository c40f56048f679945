// What `squall reproduce` makes of the judgements of its plays.
#include "suites/report/incident.hpp"

#include <gtest/gtest.h>

#include "tests/unit/certificate/schema_keys.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;
using Is = IncidentServer::Is;

Finding finding(const std::string& name, Verdict verdict, Requirement requirement = Requirement::must) {
    Finding finding{.name = name, .verdict = verdict, .expected = "mean(target.cpu) <= 0.05 cores"};
    finding.measured = "0.98 cores";
    finding.bound = "0.05 cores";
    finding.margin = -18.6;
    finding.phase = "gone";
    finding.requirement = requirement;
    return finding;
}

ServerResult server(Is is, const Judgement& judgement, const std::string& directory = "runs/r1") {
    ServerResult result;
    result.server = {.name = std::string(to_string(is)), .is = is, .fails = is == Is::flawed ? "quiet" : ""};
    result.run = {"spin", directory, "squall reproduce spin", 8.5, judgement};
    settle(result);
    return result;
}

Outcome outcome(Is is, Verdict verdict, Verdict of_quiet) {
    return server(is, {verdict, {finding("quiet", of_quiet)}}).outcome;
}

TEST(Outcome, OfAFlawedServerIsThatItFailsByItsInvariant) {
    EXPECT_EQ(outcome(Is::flawed, Verdict::fail, Verdict::fail), Outcome::as_said);
    EXPECT_EQ(outcome(Is::flawed, Verdict::pass, Verdict::pass), Outcome::otherwise);
    EXPECT_EQ(outcome(Is::flawed, Verdict::fail, Verdict::pass), Outcome::otherwise) << "by another one";
    EXPECT_EQ(outcome(Is::flawed, Verdict::inconclusive, Verdict::inconclusive), Outcome::inconclusive);
    EXPECT_EQ(outcome(Is::flawed, Verdict::fail, Verdict::inconclusive), Outcome::inconclusive);
    EXPECT_EQ(outcome(Is::flawed, Verdict::error, Verdict::fail), Outcome::error);
    EXPECT_EQ(server(Is::flawed, {Verdict::inconclusive, {}}).outcome, Outcome::inconclusive);
}

TEST(Outcome, OfAFlawedServerCannotBeToldWhereAFaultDidNotBite) {
    for (const Verdict quiet : {Verdict::fail, Verdict::pass}) {
        const auto unbitten = server(Is::flawed, {Verdict::fail,
                                                  {finding("quiet", quiet), finding("target: exited", Verdict::fail),
                                                   finding("witness: half-open", Verdict::inconclusive)}});
        EXPECT_EQ(unbitten.outcome, Outcome::inconclusive);
        EXPECT_EQ(unbitten.reason.rfind("witness: half-open: ", 0), 0) << unbitten.reason;
    }
    EXPECT_EQ(outcome(Is::flawed, Verdict::inconclusive, Verdict::pass), Outcome::inconclusive);
}

TEST(Outcome, OfAMendedServerIsThatItPasses) {
    EXPECT_EQ(outcome(Is::mended, Verdict::pass, Verdict::pass), Outcome::as_said);
    EXPECT_EQ(outcome(Is::mended, Verdict::fail, Verdict::fail), Outcome::otherwise);
    EXPECT_EQ(outcome(Is::mended, Verdict::inconclusive, Verdict::pass), Outcome::inconclusive);
    EXPECT_EQ(outcome(Is::mended, Verdict::error, Verdict::pass), Outcome::error);
    const auto failed = server(Is::mended, {Verdict::fail, {finding("quiet", Verdict::fail)}});
    EXPECT_EQ(failed.reason, "quiet: measured 0.98 cores, bound 0.05 cores");
}

TEST(Outcome, OfAnObservedServerIsWhateverItDoes) {
    for (const Verdict verdict : {Verdict::pass, Verdict::inconclusive, Verdict::fail})
        EXPECT_EQ(outcome(Is::observed, verdict, verdict), Outcome::observed);
    EXPECT_EQ(outcome(Is::observed, Verdict::error, Verdict::pass), Outcome::error) << "such as one not healed";
    EXPECT_EQ(server(Is::observed, {Verdict::error, {finding("rig", Verdict::error)}}, "").outcome, Outcome::error);
    const Judgement missing{Verdict::inconclusive, {{.name = "rig", .verdict = Verdict::error, .detail = "no nginx"}}};
    const auto absent = server(Is::observed, missing, "");
    EXPECT_EQ(absent.outcome, Outcome::observed);
    EXPECT_EQ(absent.reason, "not played: no nginx");
}

IncidentResult sample(Verdict of_mended = Verdict::pass) {
    IncidentResult result;
    result.name = "spin";
    result.summary = "They leave";
    result.incident = {1, "It happened.", {"https://example.org"}, "As it was.", {}, {}};
    result.incident.figures = {{"CPU after the load", "~800 %", "CPU"}};
    const auto cpu = finding("CPU", Verdict::pass, Requirement::informational);
    result.servers = {server(Is::flawed, {Verdict::fail, {finding("quiet", Verdict::fail), cpu}}),
                      server(Is::mended, {of_mended, {finding("quiet", of_mended), cpu}})};
    for (const auto& each : result.servers)
        result.incident.servers.push_back(each.server);
    return result;
}

TEST(Incidents, TheWorstServerDecides) {
    EXPECT_EQ(exit_code(worst({sample()})), 0);
    EXPECT_EQ(exit_code(worst({sample(), sample(Verdict::fail)})), 1);
    EXPECT_EQ(exit_code(worst({sample(), sample(Verdict::inconclusive)})), 3);
    EXPECT_EQ(exit_code(worst({sample(Verdict::error), sample(Verdict::fail)})), 4);
    EXPECT_EQ(exit_code(worst(std::vector<IncidentResult>{})), 3) << "no data is no pass";
}

TEST(Incidents, TheTextHoldsFindingsFiguresAndCommand) {
    IncidentResult result = sample();
    result.servers[1].earlier_runs = {"runs/r0"};
    const std::string text = to_text(result, "squall reproduce spin", false);
    EXPECT_NE(text.find("  mended: could not be told at first; run: runs/r0\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  flawed  flawed  fail      fail     quiet      0.98 cores"), std::string::npos) << text;
    EXPECT_NE(text.find("  mended  mended  pass      pass     quiet      0.98 cores"), std::string::npos) << text;
    EXPECT_NE(text.find("  CPU after the load  ~800 %    0.98 cores  0.98 cores"), std::string::npos) << text;
    EXPECT_NE(text.find("  flawed: as said; run: runs/r1\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  again: squall reproduce spin\n"), std::string::npos) << text;
    EXPECT_NE(table({sample(), sample(Verdict::fail)}, false).find("1 of 2 incidents as said"), std::string::npos);
}

TEST(Incidents, AsJUnitTheyAreASuiteEach) {
    const std::string text = to_junit({sample(Verdict::fail)});
    EXPECT_NE(text.find(R"(<testsuite name="spin" tests="2" failures="1" errors="0" time="17.000">)"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("name=\"mended (mended)\""), std::string::npos) << text;
    EXPECT_NE(text.find("<failure type=\"otherwise\""), std::string::npos) << text;
}

TEST(Incidents, TheSchemaHasTheKeysThatAreWritten) {
    const json::object schema = schema_in(SQUALL_REFERENCE "/incidents.schema.json");
    const json::object object = json::parse(to_json({sample()})).as_object();
    expect_keys(object, schema, "top");
    const auto& definitions = schema.at("$defs").as_object();
    const auto& incident = object.at("incidents").as_array()[0].as_object();
    expect_keys(incident, definitions.at("incident").as_object(), "incident");
    const auto& first = incident.at("servers").as_array()[0].as_object();
    expect_keys(first, definitions.at("server").as_object(), "server");
    const auto& figure = incident.at("figures").as_array()[0].as_object();
    expect_keys(figure, definitions.at("figure").as_object(), "figure");
    EXPECT_EQ(figure.at("replayed").at("mended"), "0.98 cores");
    expect_keys(first.at("findings").as_array()[0].as_object(), definitions.at("finding").as_object(), "finding");
}

}  // namespace
}  // namespace squall::report
