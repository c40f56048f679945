// What a target that runs already cannot be put to, said before the run.
#include "suites/targets/reached.hpp"

#include <gmock/gmock.h>

namespace squall {
namespace {

using testing::ElementsAre;

std::vector<std::string> refusals(const std::string& faults, const std::string& invariants,
                                  const std::string& where = "address: 127.0.0.1:9000") {
    const std::string text = R"(name: case
summary: s
proxy: true
cohorts: [{name: all, protocol: sse, connections: 1}]
phases:
  - name: only
    duration: 9s
    faults:
)" + faults + "invariants:\n" +
                             invariants;
    const auto scenario = parse_scenario(text, "s.yaml", all_faults());
    EXPECT_TRUE(scenario.scenario) << to_string(scenario.errors.front());
    const auto profile = parse_profile("name: mine\nsummary: s\nsse: {path: /}\n" + where + "\n", "mine.yaml");
    EXPECT_TRUE(profile.profile) << to_string(profile.errors.front());
    std::vector<std::string> lines;
    if (!scenario.scenario || !profile.profile) return lines;
    for (const InputError& error : refused(*scenario.scenario, *profile.profile)) {
        const std::string line = to_string(error);
        lines.push_back(line.substr(0, line.find("; faults at")));
    }
    return lines;
}

const std::string possible = R"(      - {fault: proxy-latency, delay: 10ms}
      - {fault: proxy-idle-timeout, after: 1s, by: rst}
      - {fault: slow-reader}
      - {fault: mass-disconnect}
      - {fault: handshake-flood, rate: 1/s}
)";
const std::string known = "  - count(connects) == 1 always\n  - min(target.alive) == 1 always\n";

TEST(Reached, WhatIsAtTheClientsOrInTheProxyIsPossible) {
    EXPECT_THAT(refusals(possible, known), ElementsAre());
}

TEST(Reached, WhatIsAtTheProcessesOrInThePathIsRefusedWithItsPlace) {
    const std::string mine = "fault: mine is reached at 127.0.0.1:9000 and not launched; ";
    EXPECT_THAT(refusals("      - {fault: cpu-cap, cores: 0.5}\n      - {fault: partition}\n"
                         "      - {fault: proxy-idle-timeout, after: 1s, by: silence}\n",
                         known),
                ElementsAre("s.yaml:9:17: " + mine +
                                "cpu-cap works on the target's processes, and squall knows only those that "
                                "it launches",
                            "s.yaml:10:17: " + mine +
                                "partition works in the network around the target, which is squall's own "
                                "only where it launches the target",
                            "s.yaml:11:17: " + mine +
                                "proxy-idle-timeout works in the network around the target, which is "
                                "squall's own only where it launches the target"));
}

TEST(Reached, WhatOnlyTheKernelKnowsIsRefused) {
    EXPECT_THAT(
        refusals(possible, "  - max(target.memory) <= 1GiB always\n"),
        ElementsAre("s.yaml:15:5: mine is reached at 127.0.0.1:9000 and not launched; target.memory is read from "
                    "the kernel, of processes that squall launches"));
}

TEST(Reached, OfOneThatIsLaunchedNothingIs) {
    EXPECT_THAT(refusals("      - {fault: cpu-cap, cores: 0.5}\n", "  - max(target.memory) <= 1GiB always\n",
                         "launch: {command: [x]}"),
                ElementsAre());
}

TEST(Reached, BehindTlsThereIsNoHttpOnTheWire) {
    const std::string refused = " reads or writes HTTP on the wire, where there is nothing but TLS records";
    EXPECT_THAT(refusals("      - {fault: proxy-upgrade-refused}\n      - {fault: slow-reader}\n"
                         "      - {fault: handshake-flood, rate: 1/s}\n",
                         known, "tls: {verify: false}\nlaunch: {command: [x]}"),
                ElementsAre("s.yaml:9:17: fault: mine speaks TLS; proxy-upgrade-refused" + refused,
                            "s.yaml:11:17: fault: mine speaks TLS; handshake-flood" + refused));
}

}  // namespace
}  // namespace squall
