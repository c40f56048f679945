#include "suites/model/timeline.hpp"

#include <gtest/gtest.h>

#include <string>

namespace squall {
namespace {

constexpr Nanos ms = 1'000'000;

std::string written(const Step& step) {
    struct Writer {
        std::string operator()(const BeginPhase& s) const { return "begin " + std::to_string(s.phase); }
        std::string operator()(const EndPhase& s) const { return "end " + std::to_string(s.phase); }
        std::string operator()(const Inject& s) const {
            return "inject " + std::to_string(s.phase) + "." + std::to_string(s.fault);
        }
        std::string operator()(const Heal& s) const {
            return "heal " + std::to_string(s.phase) + "." + std::to_string(s.fault);
        }
        std::string operator()(const StartLoad&) const { return "start load"; }
        std::string operator()(const StopLoad&) const { return "stop load"; }
        std::string operator()(const Finish&) const { return "finish"; }
    };
    return std::to_string(step.at / ms) + " " + std::visit(Writer{}, step.action);
}

std::vector<std::string> played(const Scenario& scenario) {
    std::vector<std::string> lines;
    for (const Step& step : timeline(scenario))
        lines.push_back(written(step));
    return lines;
}

Phase phase(Nanos duration, bool load = true) {
    Phase phase;
    phase.duration = duration;
    phase.load = load;
    return phase;
}

FaultUse fault(Nanos at, std::optional<Nanos> lasts = {}) {
    FaultUse use;
    use.at = at;
    use.lasts = lasts;
    return use;
}

TEST(Timeline, OrdersWhatHappensAtOneInstant) {
    Scenario scenario;
    scenario.settle = 500 * ms;
    scenario.phases = {phase(1000 * ms), phase(2000 * ms), phase(1000 * ms, false)};
    scenario.phases[0].faults = {fault(0), fault(200 * ms), fault(300 * ms, 100 * ms)};
    scenario.phases[1].faults = {fault(0)};
    const std::vector<std::string> expected{
        "0 begin 0",     "0 start load",   "0 inject 0.0", "200 inject 0.1", "300 inject 0.2",  "400 heal 0.2",
        "1000 heal 0.1", "1000 heal 0.0",  "1000 end 0",   "1000 begin 1",   "1000 inject 1.0", "3000 heal 1.0",
        "3000 end 1",    "3000 stop load", "3000 begin 2", "4000 end 2",     "4000 finish"};
    EXPECT_EQ(played(scenario), expected);
}

TEST(Timeline, SettlesWhenTheLoadLastsToTheEnd) {
    Scenario scenario;
    scenario.settle = 700 * ms;
    scenario.phases = {phase(1000 * ms)};
    const std::vector<std::string> expected{"0 begin 0", "0 start load", "1000 end 0", "1000 stop load", "1700 finish"};
    EXPECT_EQ(played(scenario), expected);
}

TEST(Timeline, SettlingOutlastsAShortQuietPhase) {
    Scenario scenario;
    scenario.settle = 700 * ms;
    scenario.phases = {phase(1000 * ms), phase(100 * ms, false)};
    EXPECT_EQ(played(scenario).back(), "1700 finish");
}

TEST(Timeline, LoadResumes) {
    Scenario scenario;
    scenario.settle = 0;
    scenario.phases = {phase(100 * ms, false), phase(100 * ms), phase(100 * ms, false), phase(100 * ms)};
    const std::vector<std::string> expected{
        "0 begin 0", "100 end 0",   "100 begin 1",    "100 start load", "200 end 1",     "200 stop load", "200 begin 2",
        "300 end 2", "300 begin 3", "300 start load", "400 end 3",      "400 stop load", "400 finish"};
    EXPECT_EQ(played(scenario), expected);
}

TEST(Timeline, NoFaultOutlivesItsPhase) {
    Scenario scenario;
    scenario.phases = {phase(1000 * ms)};
    scenario.phases[0].faults = {fault(900 * ms, 5000 * ms)};
    const auto lines = played(scenario);
    EXPECT_NE(std::find(lines.begin(), lines.end(), "1000 heal 0.0"), lines.end());
}

}  // namespace
}  // namespace squall
