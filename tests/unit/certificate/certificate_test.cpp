// A certificate as JSON and as JUnit.
#include "suites/report/certificate.hpp"

#include <gtest/gtest.h>

#include "tests/unit/certificate/schema_keys.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;

Certificate sample() {
    Certificate certificate;
    certificate.server = "my-server";
    certificate.summary = "Ours";
    certificate.version = "1.2";
    certificate.profile = "my-server.yaml";
    certificate.squall_version = "0.1.0";
    certificate.made_at = "2026-11-21T12:00:00Z";
    certificate.host = "Linux 6.1.0, 2 CPUs, 24 GiB";
    certificate.command = "squall certify --target my-server.yaml";
    certificate.quick = true;
    CaseResult result;
    result.id = "3.1";
    result.name = "one-stopped-reader";
    result.group = "slow consumers and bounded memory";
    result.summary = "One stops";
    result.why = "It happens";
    result.source = "field practice";
    result.protocol = "sse";
    result.verdict = CaseVerdict::failed;
    result.reason = "the others wait: measured 2s, bound 1s";
    result.run = "runs/r1";
    result.earlier_runs = {"runs/r0"};
    result.command = "squall run one-stopped-reader";
    result.seconds = 8.5;
    Finding finding{
        .name = "the others wait", .verdict = Verdict::fail, .expected = "p99(delivery.latency) < 1s always"};
    finding.measured = "2s";
    finding.bound = "1s";
    finding.margin = -1.0;
    finding.phase = "run";
    finding.samples = 1000;
    finding.since = 2'500'000'000;
    finding.detail = "baseline 1ms";
    finding.requirement = Requirement::should;
    result.judgement = {Verdict::fail, {finding, Finding{.name = "nothing known"}}};
    certificate.cases = {result, result};
    certificate.cases[1].verdict = CaseVerdict::inconclusive;
    certificate.levels = {{"delivers", "All of it", {"3.1"}, true}, {"honest", "Truth", {}, false}};
    return certificate;
}

TEST(Certificate, IsReadBackAsItWasWritten) {
    const std::string text = to_json(sample());
    const auto parsed = parse_certificate(text, "certificate.json");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(to_json(*parsed), text);
    EXPECT_EQ(parsed->cases[0].judgement.findings[0].since, 2'500'000'000);
    EXPECT_EQ(parsed->cases[0].judgement.findings[0].requirement, Requirement::should);
    EXPECT_FALSE(parsed->cases[0].judgement.findings[1].margin);
}

TEST(Certificate, EveryVerdictIsReadBack) {
    for (const auto verdict : {CaseVerdict::ok, CaseVerdict::informational, CaseVerdict::non_strict,
                               CaseVerdict::unimplemented, CaseVerdict::inconclusive, CaseVerdict::failed}) {
        Certificate certificate = sample();
        certificate.cases[0].verdict = verdict;
        const auto parsed = parse_certificate(to_json(certificate), "certificate.json");
        ASSERT_TRUE(parsed);
        EXPECT_EQ(parsed->cases[0].verdict, verdict);
    }
}

/// The message about the sample with `change` made to it.
template <class Change>
std::string mistake(const Change& change) {
    json::object object = json::parse(to_json(sample())).as_object();
    change(object);
    const auto parsed = parse_certificate(json::serialize(object), "c.json");
    return parsed ? "" : parsed.error().message;
}

TEST(Certificate, MistakesNameTheKeyAndWhatWouldBeRight) {
    EXPECT_EQ(mistake([](json::object& o) { o.erase("server"); }), "c.json: server: expected a text");
    EXPECT_EQ(mistake([](json::object& o) { o["quick"] = 1; }), "c.json: quick: expected true or false");
    EXPECT_EQ(mistake([](json::object& o) { o["cases"] = "none"; }), "c.json: cases: expected a list");
    EXPECT_EQ(
        mistake([](json::object& o) { o["cases"].as_array()[1].as_object()["verdict"] = "GOOD"; }),
        "c.json: cases[1].verdict: expected one of OK, INFORMATIONAL, NON-STRICT, UNIMPLEMENTED, INCONCLUSIVE, FAILED");
    EXPECT_EQ(mistake([](json::object& o) {
                  o["cases"].as_array()[0].as_object()["findings"].as_array()[0].as_object()["margin"] = "much";
              }),
              "c.json: cases[0].findings[0].margin: expected a number or null");
    EXPECT_EQ(mistake([](json::object& o) { o["levels"].as_array()[0] = 3; }), "c.json: levels[0]: expected an object");
    EXPECT_EQ(mistake([](json::object& o) { o["format"] = 2; }),
              "c.json: format: expected 1, not 2; a newer squall wrote it");
    EXPECT_EQ(parse_certificate("[]", "c.json").error().message, "c.json: the file: expected an object");
    EXPECT_NE(parse_certificate("{", "c.json").error().message.find("c.json: this is no JSON"), std::string::npos);
}

TEST(Certificate, TheSchemaHasTheKeysThatAreWritten) {
    const json::object schema = schema_in(SQUALL_REFERENCE "/certificate.schema.json");
    const json::object object = json::parse(to_json(sample())).as_object();
    expect_keys(object, schema, "certificate");
    const auto& definitions = schema.at("$defs").as_object();
    const auto& first = object.at("cases").as_array()[0].as_object();
    expect_keys(first, definitions.at("case").as_object(), "case");
    expect_keys(object.at("levels").as_array()[0].as_object(), definitions.at("level").as_object(), "level");
    expect_keys(first.at("findings").as_array()[0].as_object(), definitions.at("finding").as_object(), "finding");
}

TEST(Certificate, JUnitHasASuiteAServerAndACaseAProtocol) {
    const std::string text = to_junit({sample()});
    EXPECT_NE(text.find("<testsuite name=\"my-server\" tests=\"2\" failures=\"1\" errors=\"1\">"), std::string::npos)
        << text;
    EXPECT_NE(text.find("name=\"3.1 one-stopped-reader (sse)\""), std::string::npos);
    EXPECT_NE(text.find("<failure type=\"FAILED\" message=\"the others wait: measured 2s, bound 1s\""),
              std::string::npos);
}

}  // namespace
}  // namespace squall::report
