// What makes a scenario an incident.
#include <gmock/gmock.h>

#include "tests/unit/model/scenario_mistakes.hpp"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* flawed = "{name: was, is: flawed, flaw: some-flaw, fails: nobody leaves}";
constexpr const char* mended = "{name: mended, is: mended, settings: {policy: evict}}";

/// The section begins in line 9, its servers are lines 14 and so on.
std::string scenario(const std::vector<std::string>& servers, const std::string& more = "") {
    std::string text = R"(name: storm
summary: s
cohorts: [{name: all, protocol: sse, connections: 1}]
phases: [{name: only, duration: 9s}]
invariants:
  - {name: nobody leaves, expect: count(disconnects) == 0 always}
  - {name: CPU, expect: mean(target.cpu) < 1 cores always, requirement: informational}
target: {settings: {policy: pause-producer}}
incident:
  number: 7
  story: It happened.
  sources: [https://example.org/1, "a talk"]
  scale: As it was.
)";
    text += "  servers:\n";
    for (const auto& server : servers)
        text += "    - " + server + "\n";
    return text + more;
}

TEST(IncidentSection, IsRead) {
    const auto parsed =
        parse_scenario(scenario({flawed, mended, "{name: other, is: observed, target: nchan, note: there}"},
                                "  figures: [{figure: CPU under load, reported: ~600 %, invariant: CPU}]\n"),
                       "s.yaml", test_faults());
    ASSERT_TRUE(parsed.scenario) << to_string(parsed.errors.front());
    const Incident& incident = *parsed.scenario->incident;
    EXPECT_EQ(incident.number, 7U);
    EXPECT_EQ(incident.story, "It happened.");
    EXPECT_THAT(incident.sources, ElementsAre("https://example.org/1", "a talk"));
    EXPECT_EQ(incident.scale, "As it was.");
    ASSERT_EQ(incident.servers.size(), 3U);
    EXPECT_EQ(incident.servers[0].is, IncidentServer::Is::flawed);
    EXPECT_EQ(incident.servers[0].flaw, "some-flaw");
    EXPECT_EQ(incident.servers[0].fails, "nobody leaves");
    EXPECT_EQ(incident.servers[0].target, "reference-server");
    EXPECT_EQ(incident.servers[1].is, IncidentServer::Is::mended);
    EXPECT_EQ(incident.servers[1].settings.at("policy"), "evict");
    EXPECT_EQ(incident.servers[2].target, "nchan");
    EXPECT_EQ(incident.servers[2].note, "there");
    ASSERT_EQ(incident.figures.size(), 1U);
    EXPECT_EQ(incident.figures[0].reported, "~600 %");
    EXPECT_EQ(parsed.scenario->settings.at("policy"), "pause-producer") << "a server's settings are its own";
}

TEST(IncidentSection, OneServerIsFlawedAndOneMended) {
    EXPECT_THAT(mistakes(scenario({flawed, mended})), IsEmpty());
    EXPECT_THAT(mistakes(scenario({flawed})),
                ElementsAre("s.yaml:15:5: servers: none is mended; an incident has one 'is: mended' at least"));
    EXPECT_THAT(mistakes(scenario({mended})),
                ElementsAre("s.yaml:15:5: servers: none is flawed; an incident has one 'is: flawed' at least"));
}

TEST(IncidentSection, MistakesOfAServerSayWhatWouldBeRight) {
    EXPECT_THAT(mistakes(scenario({flawed, mended, "{name: was, is: mended}"})),
                ElementsAre(HasSubstr("s.yaml:17:14: name: 'was' stands twice")));
    EXPECT_THAT(mistakes(scenario({flawed, mended, "{name: more, is: flawed}"})),
                ElementsAre("s.yaml:17:7: is: flawed needs the key 'fails'"));
    EXPECT_THAT(mistakes(scenario({flawed, "{name: m, is: mended, fails: nobody leaves}"})),
                ElementsAre("s.yaml:16:36: fails: belongs to is: flawed only"));
    EXPECT_THAT(mistakes(scenario({"{name: was, is: flawed, fails: nobody leave}", mended})),
                ElementsAre("s.yaml:15:38: fails: there is no invariant named 'nobody leave'; did you mean 'nobody "
                            "leaves'?"));
    EXPECT_THAT(mistakes(scenario({"{name: was, is: flawed, fails: CPU}", mended})),
                ElementsAre(HasSubstr("s.yaml:15:38: fails: 'CPU' is informational, and fails no run")));
    EXPECT_THAT(mistakes(scenario({flawed, "{name: m, is: mended, target: nchan, flaw: some-flaw}"})),
                ElementsAre("s.yaml:16:50: flaw: belongs to target: reference-server only"));
    EXPECT_THAT(mistakes(scenario({flawed, "{name: m, is: mended, settings: {polizy: evict}}"})),
                ElementsAre(HasSubstr("settings has no key 'polizy'; did you mean 'policy'")));
    EXPECT_THAT(mistakes(scenario({flawed, mended, "{name: m, is: broken}"})),
                ElementsAre(HasSubstr("flawed, mended, observed")))
        << "and nothing about what would belong to it";
}

TEST(IncidentSection, AFigureIsOfAnInvariant) {
    EXPECT_THAT(mistakes(scenario({flawed, mended}, "  figures: [{figure: f, reported: '1', invariant: GPU}]\n")),
                ElementsAre("s.yaml:17:51: invariant: there is no invariant named 'GPU'; did you mean 'CPU'?"));
}

TEST(IncidentSection, AllMistakesAreSaidAtOnce) {
    const std::string text = scenario({"{name: Was, is: flawed, fails: none}"}, "  figures: []\n  number: 100\n");
    EXPECT_GE(mistakes(text).size(), 5U);
}

}  // namespace
}  // namespace squall
