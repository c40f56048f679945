// Every class of mistake, with its line and column.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/model/scenario_mistakes.hpp"

namespace squall {
namespace {

/// Right as it stands; each test breaks one line of it.
const std::string good = R"(name: case
summary: One sentence.
seed: 7
target:
  settings: {ping_interval: 1s}
cohorts:
  - name: healthy
    protocol: sse
    connections: 200
    reconnect: {policy: fixed, delay: 1s}
    reading: {mode: limited, rate: 10KiB/s}
publishers:
  - name: ticker
    arrivals: {process: constant, rate: 50/s}
    size: 256B
phases:
  - name: baseline
    duration: 3s
  - name: pressure
    duration: 4s
    faults:
      - fault: cpu-cap
        cores: 0.25
      - fault: half-open
        cohort: healthy
        state: peer-vanished
  - name: quiet
    duration: 5s
    load: false
invariants:
  - max(target.fds) <= 2 * baseline during pressure
  - name: nobody leaves
    expect: count(disconnects{cohort=healthy}) == 0 always
catches: {mutant: nobody leaves}
)";

/// Breaking `from` into `to` is one mistake, which reads `expected` (its beginning).
void expect_mistake(const std::string& from, const std::string& to, const std::string& expected) {
    const auto found = mistakes(replaced(good, from, to));
    ASSERT_EQ(found.size(), 1u) << to << fmt::format("\n{}", found.empty() ? "no mistake" : found.back());
    EXPECT_EQ(found[0].substr(0, expected.size()), expected);
}

TEST(ScenarioErrors, TheTextTheyBreakIsRight) {
    EXPECT_TRUE(mistakes(good).empty());
}

TEST(ScenarioErrors, Yaml) {
    expect_mistake("seed: 7", "seed: [7", "s.yaml:4:7: this is no YAML: ");
    EXPECT_EQ(mistakes("").at(0), "s.yaml:1:1: is empty; a scenario begins with its name");
    EXPECT_EQ(mistakes("- a\n").at(0), "s.yaml:1:1: expected a scenario, with the key 'name' and others, one a line");
    EXPECT_NE(mistakes(good + "---\nname: second\n").at(0).find("a file holds one scenario"), std::string::npos);
    EXPECT_EQ(mistakes("," + good).at(0).rfind("s.yaml:1:1: what begins here does not belong", 0), 0u);
    EXPECT_EQ(mistakes(std::string(1024 * 1024 + 1, '#')).at(0), "s.yaml:1:1: longer than 1 MiB");
    EXPECT_NE(mistakes(std::string(100000, '[')).at(0).find("this is no YAML"), std::string::npos);
}

TEST(ScenarioErrors, Keys) {
    expect_mistake("seed: 7", "sede: 7", "s.yaml:3:1: a scenario has no key 'sede'; did you mean 'seed'?");
    expect_mistake("    connections: 200", "    connections: 200\n    elephants: 1",
                   "s.yaml:10:5: a cohort has no key 'elephants'; it has name, protocol, ");
    expect_mistake("seed: 7", "seed: 7\nseed: 8", "s.yaml:4:1: seed: stands twice");
    expect_mistake("summary: One sentence.", "why: Because.",
                   "s.yaml:1:1: a scenario needs the key 'summary': One sentence");
    expect_mistake("    protocol: sse\n", "", "s.yaml:7:5: a cohort needs the key 'protocol': How they subscribe");
    expect_mistake("ping_interval: 1s", "ping_intervall: 1s",
                   "s.yaml:5:14: target.settings has no key 'ping_intervall'; did you mean 'ping_interval'?");
    expect_mistake(
        "  settings:", "  setting:", "s.yaml:5:3: the target has no key 'setting'; did you mean 'settings'?");
}

TEST(ScenarioErrors, TypesAndRanges) {
    expect_mistake("seed: 7", "seed: seven", "s.yaml:3:7: seed: 'seven' is no whole number");
    expect_mistake("seed: 7", "seed: -7", "s.yaml:3:7: seed: '-7' is no whole number");
    expect_mistake("seed: 7", "seed: [7]", "s.yaml:3:7: seed: expected one value, not a list");
    expect_mistake("seed: 7", "seed:", "s.yaml:3:1: seed: has no value");
    expect_mistake("connections: 200", "connections: 2.5", "s.yaml:9:18: connections: '2.5' is no whole number");
    expect_mistake("connections: 200", "connections: 0", "s.yaml:9:18: connections: '0' is outside 1..1000000");
    expect_mistake("connections: 200", "connections: 1000001",
                   "s.yaml:9:18: connections: '1000001' is outside 1..1000000");
    expect_mistake("duration: 3s", "duration: 3", "s.yaml:18:15: duration: '3' is a plain number");
    expect_mistake("duration: 3s", "duration: 3KiB", "s.yaml:18:15: duration: '3KiB' is bytes");
    expect_mistake("duration: 3s", "duration: 3parsecs", "s.yaml:18:15: duration: 'parsecs' is not a unit");
    expect_mistake("duration: 3s", "duration: 1ns", "s.yaml:18:15: duration: '1ns' is outside");
    expect_mistake("protocol: sse", "protocol: http", "s.yaml:8:15: protocol: 'http' is none of sse, websocket");
    expect_mistake("load: false", "load: nope", "s.yaml:29:11: load: 'nope' is neither true nor false");
    expect_mistake("size: 256B", "size: 95B", "s.yaml:15:11: size: '95B' is outside 96B..16MiB");
    expect_mistake("name: case", "name: Not Kebab", "s.yaml:1:7: name: 'Not Kebab' is no name: small letters");
    expect_mistake("  settings: {ping_interval: 1s}", "  settings: 5",
                   "s.yaml:5:13: expected target.settings, with the key");
    expect_mistake("ping_interval: 1s", "ping_interval: 1KiB", "s.yaml:5:29: ping_interval: '1KiB' is bytes");
    expect_mistake("catches: {mutant: nobody leaves}", "catches: 5", "s.yaml:34:10: catches: expected mutants, each");
}

TEST(ScenarioErrors, Lists) {
    const auto phases_end = good.find("invariants:");
    const auto phases_begin = good.find("phases:");
    const std::string phases = good.substr(phases_begin, phases_end - phases_begin);
    EXPECT_EQ(mistakes(replaced(good, phases, "phases: []\n")).at(0),
              "s.yaml:16:9: phases: expected a list, each element after a hyphen");
    EXPECT_EQ(mistakes(replaced(good, phases, "phases: {a: b}\n")).at(0),
              "s.yaml:16:9: phases: expected a list, each element after a hyphen");
    expect_mistake("    size: 256B", "    during: baseline",
                   "s.yaml:15:13: during: expected a list, such as [baseline, pressure]");
    expect_mistake("    size: 256B", "    during: [base line]", "s.yaml:15:14: during: expected a name");
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += fmt::format("  - {{name: c{}, protocol: sse, connections: 1}}\n", i);
    expect_mistake("publishers:\n", many + "publishers:\n",
                   "s.yaml:7:3: cohorts: has 66 elements; at most 64 are allowed");
    expect_mistake("cohorts:\n",
                   "cohorts:\n  - {name: a, protocol: sse, connections: 600000}\n"
                   "  - {name: b, protocol: sse, connections: 600000}\n",
                   "s.yaml:7:3: cohorts: have 1200200 connections together; at most 1000000 are allowed");
}

TEST(ScenarioErrors, NamesThatStandTwiceOrAreTaken) {
    expect_mistake("- name: quiet", "- name: pressure", "s.yaml:27:11: name: 'pressure' stands twice");
    expect_mistake("cohorts:\n", "cohorts:\n  - {name: healthy, protocol: sse, connections: 1}\n",
                   "s.yaml:8:11: name: 'healthy' stands twice");
    expect_mistake("publishers:\n", "publishers:\n  - {name: ticker, arrivals: {process: poisson, rate: 1/s}}\n",
                   "s.yaml:14:11: name: 'ticker' stands twice");
    expect_mistake("- name: quiet", "- name: load", "s.yaml:27:11: name: 'load' is taken: it means all of the load");
    expect_mistake("      - fault: half-open",
                   "      - {fault: half-open, state: peer-vanished}\n      - fault: half-open",
                   "s.yaml:25:9: name: 'half-open' stands twice; each needs a name of its own");
    expect_mistake("  - name: nobody leaves",
                   "  - max(target.fds) <= 2 * baseline during pressure\n  - name: nobody leaves",
                   "s.yaml:32:5: this invariant stands twice");
    expect_mistake("  - max(target.fds)",
                   "  - {name: nobody leaves, expect: count(connects) >= 1 always}\n  - max(target.fds)",
                   "s.yaml:33:11: name: 'nobody leaves' stands twice");
}

TEST(ScenarioErrors, NamesThatAreNotThere) {
    expect_mistake("fault: cpu-cap", "fault: cpu-cup",
                   "s.yaml:22:16: fault: there is no 'cpu-cup'; there are cpu-cap, half-open, slow-reader, "
                   "proxy-latency; did you mean 'cpu-cap'?");
    expect_mistake("cohort: healthy", "cohort: healty",
                   "s.yaml:25:17: cohort: there is no 'healty'; there are healthy; did you mean 'healthy'?");
    expect_mistake("    size: 256B", "    during: [presure]",
                   "s.yaml:15:13: during: there is no phase 'presure'; there are baseline, pressure, quiet; did you "
                   "mean 'pressure'?");
    expect_mistake("{mutant: nobody leaves}", "{mutant: nobody leave}",
                   "s.yaml:34:19: there is no invariant named 'nobody leave'; did you mean 'nobody leaves'?");
    expect_mistake("{mutant: nobody leaves}", "{Mutant!: nobody leaves}", "s.yaml:34:11: expected a mutant's name");
    expect_mistake("{mutant: nobody leaves}", "{mutant: nobody leaves, mutant: nobody leaves}",
                   "s.yaml:34:34: mutant: stands twice");
}

TEST(ScenarioErrors, Faults) {
    expect_mistake("        cores: 0.25\n", "", "s.yaml:22:9: the fault cpu-cap needs the key 'cores': For tests");
    expect_mistake("cores: 0.25", "cors: 0.25\n        cores: 1",
                   "s.yaml:23:9: the fault cpu-cap has no key 'cors'; did you mean 'cores'?");
    expect_mistake("cores: 0.25", "cores: 0.25 -> 1", "s.yaml:23:16: cores: a ramp needs its duration");
    expect_mistake("cores: 0.25", "cores: 0.25\n        cohort: healthy",
                   "s.yaml:24:9: the fault cpu-cap has no key 'cohort'");
    expect_mistake("state: peer-vanished", "state: gone",
                   "s.yaml:26:16: state: 'gone' is none of peer-vanished, peer-rebooted");
    expect_mistake("cohort: healthy", "share: 0%", "s.yaml:25:16: share: '0%' is outside");
    expect_mistake("cohort: healthy", "share: 101%", "s.yaml:25:16: share: '101%' is outside");
    expect_mistake("cohort: healthy", "at: 4s", "s.yaml:25:13: at: the phase lasts 4s only");
    expect_mistake("cohort: healthy", "for: 5s",
                   "s.yaml:25:14: for: the fault would outlive its phase, which lasts 4s");
    expect_mistake("fault: cpu-cap", "flaut: cpu-cap", "s.yaml:22:9: a fault needs the key 'fault': which");
    expect_mistake("      - fault: cpu-cap\n        cores: 0.25", "      - cpu-cap",
                   "s.yaml:22:9: expected a fault, with the key 'fault'");
    expect_mistake("    load: false",
                   "    load: false\n    faults: [{fault: half-open, name: second, state: peer-vanished}]",
                   "s.yaml:30:22: fault: half-open is aimed at connections, but phase 'quiet' is without load");
}

TEST(ScenarioErrors, KeysThatDoNotBelongTogether) {
    expect_mistake("{mode: limited, rate: 10KiB/s}", "{mode: limited}",
                   "s.yaml:11:14: mode: limited needs the key 'rate'");
    expect_mistake("{mode: limited, rate: 10KiB/s}", "{mode: prompt, rate: 10KiB/s}",
                   "s.yaml:11:35: rate: belongs to mode: limited only");
    expect_mistake("{mode: limited, rate: 10KiB/s}", "limited", "s.yaml:11:14: reading: this mode needs figures");
    expect_mistake("{policy: fixed, delay: 1s}", "{policy: none, delay: 1s}",
                   "s.yaml:10:38: delay: belongs to a policy other than none only");
    expect_mistake("{policy: fixed, delay: 1s}", "{policy: exponential, delay: 1m}",
                   "s.yaml:10:45: delay: is greater than delay_max, 30s");
    expect_mistake("protocol: sse", "protocol: sse\n    pongs: false",
                   "s.yaml:9:12: pongs: belongs to protocol: websocket only");
    expect_mistake("{process: constant, rate: 50/s}", "{process: constant}",
                   "s.yaml:14:15: process: constant, poisson or ramp needs the key 'rate'");
    expect_mistake("{process: constant, rate: 50/s}", "{process: constant, rate: 0/s}",
                   "s.yaml:14:41: rate: publishes nothing");
    expect_mistake("{process: constant, rate: 50/s}", "{process: burst, burst: 5, every: 1s, rate: 5/s}",
                   "s.yaml:14:59: rate: belongs to process: constant, poisson or ramp only");
    expect_mistake("size: 256B", "size: {distribution: uniform, min: 1KiB, max: 100B}",
                   "s.yaml:15:40: min: is greater than max");
    expect_mistake("size: 256B", "size: {distribution: lognormal, median: 1KiB}",
                   "s.yaml:15:11: distribution: lognormal needs the key 'sigma'");
    expect_mistake("size: 256B", "size: {distribution: lognormal, median: 1KiB, sigma: 1, max: 500B}",
                   "s.yaml:15:45: median: is not between min and max");
    expect_mistake("    size: 256B", "    during: [quiet]", "s.yaml:15:13: during: phase 'quiet' is without load");
}

TEST(ScenarioErrors, Repetition) {
    const std::string cap = "        cores: 0.25\n";
    const auto repeated = [&](const std::string& keys) { return cap + keys; };
    expect_mistake(cap, repeated("        every: 1s\n"),
                   "s.yaml:24:16: every: needs to know how long each time lasts, such as for: 200ms");
    expect_mistake(
        cap, repeated("        for: 2s\n        every: 1s\n"),
        "s.yaml:25:16: every: the next time could begin before the one before has ended; expected 2s at least");
    expect_mistake(
        cap, repeated("        for: 600ms\n        every: 1s\n        every_jitter: 500ms\n"),
        "s.yaml:25:16: every: the next time could begin before the one before has ended; expected 1.10s at least: "
        "'for' and 'every_jitter' together");
    expect_mistake(cap, repeated("        for: 1s\n        every: 3500ms\n"),
                   "s.yaml:25:16: every: phase 'pressure' lasts 4s: there is no room for a second time");
    expect_mistake(cap, repeated("        for: 1s\n        at: 3500ms\n"),
                   "s.yaml:24:14: for: the fault would outlive its phase, which lasts 4s");
    expect_mistake(cap, repeated("        every_jitter: 1s\n"), "s.yaml:24:23: every_jitter: belongs to 'every' only");
    std::string text = replaced(good, "duration: 4s", "duration: 5m");
    text = replaced(text, cap, repeated("        for: 10ms\n        every: 100ms\n"));
    const auto found = mistakes(text);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NE(found[0].find("that would be 3000 times; at most 1000 are allowed"), std::string::npos) << found[0];
    EXPECT_TRUE(mistakes(replaced(good, cap, repeated("        for: 1s\n        every: 1s\n"))).empty());
}

TEST(ScenarioErrors, ASingleSubscriber) {
    const std::string whole = "        cohort: healthy\n";
    expect_mistake(whole, "        subscriber: 3\n", "s.yaml:25:21: subscriber: is one of a cohort: the key 'cohort'");
    expect_mistake(whole, whole + "        subscriber: 201\n",
                   "s.yaml:26:21: subscriber: cohort 'healthy' has 200 connections only");
    expect_mistake(whole, whole + "        subscriber: 0\n", "s.yaml:26:21: subscriber: ");
    expect_mistake(whole, whole + "        subscriber: 3\n        share: 50%\n",
                   "s.yaml:26:21: subscriber: is one connection, and 'share' means several");
    expect_mistake("        cores: 0.25\n", "        cores: 0.25\n        subscriber: 3\n",
                   "s.yaml:24:9: the fault cpu-cap has no key 'subscriber'");
}

TEST(ScenarioErrors, TwoFaultsThatCannotBeInForceAtOnce) {
    const std::string cap = "        cores: 0.25\n";
    const std::string second = "      - {fault: cpu-cap, name: second, cores: 0.5";
    expect_mistake(
        cap, cap + second + "}\n",
        "s.yaml:24:17: fault: 'cpu-cap' and 'second' would be in force at once, and only one can be in charge "
        "of the target's CPU quota; let one end before the other begins");
    expect_mistake(cap, cap + "        for: 1s\n        every: 2s\n" + second + ", at: 2500ms, for: 1s}\n",
                   "s.yaml:26:17: fault: 'cpu-cap' and 'second' would be");
    const auto right = [&](const std::string& lines) { return mistakes(replaced(good, cap, lines)).empty(); };
    EXPECT_TRUE(right(cap + "        for: 2s\n" + second + ", at: 2s}\n"));
    EXPECT_TRUE(right(cap + "        for: 1s\n        every: 2s\n" + second + ", at: 1s, for: 1s, every: 2s}\n"));

    const std::string reader = cap + "      - {fault: slow-reader, cohort: healthy, subscriber: 1}\n";
    EXPECT_TRUE(right(reader + "      - {fault: slow-reader, name: b, cohort: healthy, subscriber: 2}\n"));
    EXPECT_FALSE(right(reader + "      - {fault: slow-reader, name: b, cohort: healthy, share: 1%}\n"));
    EXPECT_FALSE(right(reader + "      - {fault: slow-reader, name: b}\n"));
}

TEST(ScenarioErrors, AFaultInTheProxyNeedsOne) {
    const std::string latency = "        cores: 0.25\n      - fault: proxy-latency\n";
    expect_mistake("        cores: 0.25\n", latency,
                   "s.yaml:24:16: fault: proxy-latency needs a path with a proxy; write 'proxy: true' in the scenario");
    EXPECT_TRUE(mistakes("proxy: true\n" + replaced(good, "        cores: 0.25\n", latency)).empty());
}

TEST(ScenarioErrors, ExpressionsPointIntoTheText) {
    expect_mistake("2 * baseline", "2 * basline", "s.yaml:31:28: 'basline' is neither baseline");
    expect_mistake("expect: count(disconnects{cohort=healthy}) == 0 always",
                   "expect: \"count(disconnects{cohort=healty}) == 0 always\"",
                   "s.yaml:33:39: there is no cohort 'healty'");
    expect_mistake("expect: count(disconnects{cohort=healthy}) == 0 always",
                   "expect: >-\n      count(disconnects{cohort=healthy})\n      == 0 durng pressure",
                   "s.yaml:35:12: expected during, always");
    expect_mistake("expect: count(disconnects{cohort=healthy}) == 0 always",
                   "expect: count(disconnects{cohort=healthy})\n      == 0 durng pressure",
                   "s.yaml:34:12: expected during, always");
    expect_mistake("    expect: count(disconnects{cohort=healthy}) == 0 always\n", "",
                   "s.yaml:32:5: an invariant needs the key 'expect'");
}

TEST(ScenarioErrors, WindowsThatNeverCome) {
    const std::string written = "max(target.fds) <= 2 * baseline during pressure";
    expect_mistake(written, "max(target.fds) <= 2 * baseline within 5s of quiet.end",
                   "s.yaml:31:37: what has to hold by then begins 17s into the run, but the last phase ends at 12s");
    expect_mistake(written, "max(target.fds) <= 2 * baseline from load.end + 5s",
                   "s.yaml:31:37: the window begins 12s into the run, but the last phase ends at 12s");
    expect_mistake(written, "count(hangups) <= 2 within 10s of pressure.end",
                   "s.yaml:31:25: the window reaches to 17s into the run, but the run ends at 13s");
    EXPECT_TRUE(mistakes(replaced(good, written, "count(hangups) <= 2 within 6s of pressure.end")).empty());
    EXPECT_TRUE(mistakes(replaced(good, written, "max(target.fds) <= 2 * baseline from load.end + 4s")).empty());
}

TEST(ScenarioErrors, AWrongSettingIsNotHeldAgainstTheExpressionsThatReferToIt) {
    std::string text = replaced(good, "ping_interval: 1s", "ping_interval: 1parsec");
    text = replaced(text, "max(target.fds) <= 2 * baseline during pressure",
                    "count(hangups) <= 2 within setting.ping_interval of pressure.start");
    EXPECT_EQ(mistakes(text).size(), 1u);
}

TEST(ScenarioErrors, AllAtOnceInTheOrderOfTheFile) {
    std::string text = good;
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"seed: 7", "seed: x"},
                                                          {"connections: 200", "connections: -1"},
                                                          {"size: 256B", "size: 1B"},
                                                          {"duration: 3s", "duration: 3"},
                                                          {"fault: cpu-cap", "fault: none"},
                                                          {"2 * baseline", "2 * 5MiB"},
                                                          {"catches:", "catch:"}}) {
        text = replaced(text, from, to);
    }
    const auto found = mistakes(text);
    ASSERT_EQ(found.size(), 7u);
    const char* places[] = {"s.yaml:3:7:",   "s.yaml:9:18:",  "s.yaml:15:11:", "s.yaml:18:15:",
                            "s.yaml:22:16:", "s.yaml:31:24:", "s.yaml:34:1:"};
    for (std::size_t i = 0; i < found.size(); ++i)
        EXPECT_EQ(found[i].rfind(places[i], 0), 0u) << found[i];
}

// Whatever is in the file, there is a scenario or a mistake.
TEST(ScenarioErrors, SurvivesAnyText) {
    const std::string alphabet = "{}[]:,-#&*!|>'\"%@` \n\tab019.\x80";
    std::mt19937_64 random(1);
    for (int round = 0; round < 3000; ++round) {
        std::string text = good;
        for (std::size_t edits = 1 + random() % 5; edits > 0; --edits) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0) {
                text.erase(at, 1 + random() % 10);
            } else {
                text.insert(at, 1, alphabet[random() % alphabet.size()]);
            }
        }
        const ParsedScenario result = parse_scenario(text, "s.yaml", test_faults());
        ASSERT_EQ(result.scenario.has_value(), result.errors.empty()) << text;
    }
}

}  // namespace
}  // namespace squall
