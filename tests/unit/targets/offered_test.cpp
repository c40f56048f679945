// What a target offers against what a scenario asks for.
#include "suites/targets/offered.hpp"

#include <gtest/gtest.h>

namespace squall {
namespace {

Profile profile(const std::string& text) {
    const auto parsed = parse_profile("name: mine\nsummary: s\naddress: 127.0.0.1:9000\n" + text, "mine.yaml");
    EXPECT_TRUE(parsed.profile) << to_string(parsed.errors.front());
    return parsed.profile.value_or(Profile{});
}

Scenario scenario(const std::string& invariant, const std::string& more = "",
                  const std::string& cohorts = "[{name: all, protocol: any, connections: 1}]") {
    const auto parsed =
        parse_scenario("name: case\nsummary: s\ntarget: {settings: {ping_interval: 1s}}\ncohorts: " + cohorts +
                           "\npublishers: [{name: ticker, via: any, arrivals: {process: constant, "
                           "rate: 1/s}}]\nphases: [{name: only, duration: 9s}]\ninvariants: [" +
                           invariant + "]\n" + more,
                       "s.yaml", all_faults());
    EXPECT_TRUE(parsed.scenario) << to_string(parsed.errors.front());
    return parsed.scenario.value_or(Scenario{});
}

const std::string websocket = "websocket: {path: /ws}\ntopics: false\npublish: {websocket: {path: /pub}}\n";
const std::string sse = "sse: {path: \"/e?t={topic}\"}\npublish: {http: {request: POST /p}}\n";
const std::string nobody = "count(disconnects) == 0 always";

TEST(Offered, AnyIsTheFirstThatTheTargetOffers) {
    Scenario any = scenario(nobody);
    choose_protocol(any, profile(websocket), {});
    EXPECT_EQ(any.cohorts[0].protocol, Protocol::websocket);
    EXPECT_EQ(any.publishers[0].via, Protocol::websocket);
    EXPECT_EQ(not_offered(any, profile(websocket)), "");
    choose_protocol(any, profile(sse + "websocket: {path: /ws}\n"), {});
    EXPECT_EQ(any.cohorts[0].protocol, Protocol::sse);
    EXPECT_EQ(any.publishers[0].via, Protocol::sse);
    choose_protocol(any, profile(sse), Protocol::websocket);
    EXPECT_EQ(not_offered(any, profile(sse)),
              "cohort all subscribes over websocket, and the profile of mine has no section 'websocket'");
}

std::string lacks(const Scenario& asked, const std::string& text) {
    Scenario resolved = asked;
    choose_protocol(resolved, profile(text), {});
    return unimplemented(resolved, profile(text));
}

TEST(Offered, WhatACaseIsAboutAndTheTargetDoesNotClaimIsUnimplemented) {
    const std::string metrics = "metrics: {path: /m, names: [{metric: declared.connections, source: c}]}\n";
    EXPECT_EQ(lacks(scenario(nobody), sse), "");
    EXPECT_EQ(lacks(scenario("min(target.ready) == 1 always"), sse), "it has no readiness check (ready.path)");
    EXPECT_EQ(lacks(scenario("min(target.ready) == 1 always"), sse + "ready: {path: /r}\n"), "");
    EXPECT_EQ(lacks(scenario("max(declared.connections) == 1 always"), sse),
              "it has no metric of its own that says declared.connections");
    EXPECT_EQ(lacks(scenario("max(declared.connections) == 1 always"), sse + metrics), "");
    EXPECT_EQ(lacks(scenario("rate(declared.scrapes) > 0/s always"), sse), "it has no metrics page (metrics.path)");
    EXPECT_EQ(lacks(scenario("max(silence) < 2 * setting.ping_interval always"), sse),
              "it does not declare its ping_interval");
    EXPECT_EQ(
        lacks(scenario("max(silence) < 2 * setting.ping_interval always"), sse + "declares: {ping_interval: 2s}\n"),
        "");
    const std::string two =
        "[{name: a, protocol: any, connections: 1, topic: a}, {name: b, protocol: any, "
        "connections: 1, topic: b}]";
    EXPECT_EQ(lacks(scenario(nobody, "", two), sse), "");
    EXPECT_EQ(lacks(scenario(nobody, "", two), websocket), "its profile says that it has no topics");
    const std::string resuming = "certify: {id: '2.1', source: s, needs_resume: true}\n";
    EXPECT_EQ(lacks(scenario(nobody, resuming), sse), "");
    EXPECT_EQ(
        lacks(scenario(nobody, resuming), "sse: {path: /e, lacks: [resume]}\npublish: {http: {request: POST /p}}\n"),
        "its profile says that it does not resume a stream (lacks)");
}

TEST(Offered, WhatIsForInformationNeedsNothing) {
    EXPECT_EQ(lacks(scenario("{expect: max(declared.connections) == 1 always, requirement: informational}"), sse), "");
}

TEST(Offered, WhatIsDeclaredCanBeLongerThanTheCase) {
    const Scenario pings = scenario(
        "{name: pings come, expect: max(silence) <= 2 * setting.ping_interval from only.start + 2 * "
        "setting.ping_interval}");
    EXPECT_EQ(too_long(pings, profile(sse + "declares: {ping_interval: 2s}\n")), "");
    EXPECT_EQ(too_long(pings, profile(sse + "declares: {ping_interval: 25s}\n")),
              "pings come: longer than this case waits, by what the target declares: ping_interval 25s");
    EXPECT_EQ(too_long(pings, profile(sse)), "");  // it is unimplemented
}

}  // namespace
}  // namespace squall
