// What makes a scenario a case of the certification suite, and what `any` and requirements are in any scenario.
#include <gmock/gmock.h>

#include "tests/unit/model/scenario_mistakes.hpp"

namespace squall {
namespace {

using testing::ElementsAre;

std::string scenario(const std::string& certify, const std::string& requirement = "must",
                     const std::string& cohort = "protocol: any, pongs: false, last_event_id: false") {
    return R"(name: case
summary: s
cohorts: [{name: all, connections: 1, )" +
           cohort + R"(}]
publishers: [{name: ticker, via: any, arrivals: {process: constant, rate: 1/s}}]
phases: [{name: only, duration: 9s}]
invariants: [{name: nobody leaves, expect: count(disconnects) == 0 always, requirement: )" +
           requirement + "}]\n" + (certify.empty() ? "" : "certify: " + certify + "\n");
}

TEST(Certification, ACaseHasAnIdASourceAndALevel) {
    const auto parsed =
        parse_scenario(scenario("{id: '13.2', source: RFC 6455, level: survives, needs_resume: true, quick: true}"),
                       "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario) << to_string(parsed.errors.front());
    const CertificationCase& certify = *parsed.scenario->certify;
    EXPECT_EQ(certify.id, "13.2");
    EXPECT_EQ(group_of(certify), "hostile clients");
    EXPECT_EQ(certify.level, "survives");
    EXPECT_TRUE(certify.needs_resume);
    EXPECT_TRUE(certify.quick);
}

TEST(Certification, MistakesSayWhatWouldBeRight) {
    const std::string expected =
        "s.yaml:7:15: id: expected the number of a group, 1 to 13, and one in it, such as '3.2'";
    for (const char* id : {"3", "0.1", "14.1", "3.x", "3.1.2", "3.0", "-1.2"}) {
        EXPECT_THAT(mistakes(scenario("{id: '" + std::string(id) + "', source: s}")), ElementsAre(expected)) << id;
    }
    EXPECT_THAT(mistakes(scenario("{id: '3.1', source: s, level: survive}")),
                ElementsAre(testing::HasSubstr("delivers, isolates, survives, resumes, honest")));
    EXPECT_THAT(mistakes(scenario("{id: '3.1', source: s, level: survives}", "informational")),
                ElementsAre("s.yaml:7:40: level: belongs to a case that requires something; all its invariants are "
                            "informational"));
}

TEST(Certification, RequirementsAreReadAndMustIsTheDefault) {
    const auto parsed = parse_scenario(scenario("", "should"), "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario);
    EXPECT_EQ(parsed.scenario->invariants[0].requirement, Requirement::should);
    EXPECT_EQ(InvariantUse{}.requirement, Requirement::must);
    EXPECT_THAT(mistakes(scenario("", "shall")), ElementsAre(testing::HasSubstr("must, should, informational")));
}

TEST(AnyProtocol, IsWhatIsChosen) {
    auto parsed = parse_scenario(scenario(""), "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario) << to_string(parsed.errors.front());
    Scenario& any = *parsed.scenario;
    EXPECT_TRUE(has_any_protocol(any));
    choose_protocol(any, Protocol::websocket, Protocol::websocket);
    EXPECT_EQ(any.cohorts[0].protocol, Protocol::websocket);
    EXPECT_EQ(any.publishers[0].via, Protocol::websocket);
    choose_protocol(any, Protocol::sse, Protocol::sse);
    EXPECT_EQ(any.cohorts[0].protocol, Protocol::sse);
    EXPECT_EQ(any.publishers[0].via, Protocol::sse);
}

TEST(AnyProtocol, LeavesAloneWhatTheScenarioSays) {
    auto parsed = parse_scenario(scenario("", "must", "protocol: websocket"), "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario);
    EXPECT_FALSE(has_any_protocol(*parsed.scenario));
    choose_protocol(*parsed.scenario, Protocol::sse, Protocol::sse);
    EXPECT_EQ(parsed.scenario->cohorts[0].protocol, Protocol::websocket);
}

}  // namespace
}  // namespace squall
