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

TEST(Timeline, HealsTheLastInjectedFirst) {
    Scenario scenario;
    scenario.settle = 0;
    scenario.phases = {phase(1000 * ms)};
    scenario.phases[0].faults = {fault(300 * ms), fault(100 * ms), fault(300 * ms)};
    const std::vector<std::string> expected{"0 begin 0",      "0 start load",   "100 inject 0.1", "300 inject 0.0",
                                            "300 inject 0.2", "1000 heal 0.2",  "1000 heal 0.0",  "1000 heal 0.1",
                                            "1000 end 0",     "1000 stop load", "1000 finish"};
    EXPECT_EQ(played(scenario), expected);
}

FaultUse repeated(Nanos at, Nanos lasts, Nanos every, Nanos jitter = 0) {
    FaultUse use = fault(at, lasts);
    use.every = every;
    use.every_jitter = jitter;
    use.aim.seed = 7;
    return use;
}

TEST(Timeline, WhatIsRepeatedComesAsOftenAsItFits) {
    Scenario scenario;
    scenario.settle = 0;
    scenario.phases = {phase(1000 * ms)};
    scenario.phases[0].faults = {repeated(100 * ms, 200 * ms, 350 * ms)};
    const std::vector<std::string> expected{"0 begin 0",      "0 start load",   "100 inject 0.0", "300 heal 0.0",
                                            "450 inject 0.0", "650 heal 0.0",   "800 inject 0.0", "1000 heal 0.0",
                                            "1000 end 0",     "1000 stop load", "1000 finish"};
    EXPECT_EQ(played(scenario), expected);
    EXPECT_EQ(times_of(repeated(101 * ms, 200 * ms, 350 * ms), 1000 * ms), 2u) << "the third would outlive the phase";
    EXPECT_EQ(times_of(repeated(0, 500 * ms, 500 * ms), 1000 * ms), 2u) << "one ends as the next begins";
    EXPECT_EQ(times_of(fault(0), 1000 * ms), 1u);
}

TEST(Timeline, TheSameSeedGivesTheSameScheduleAndAnotherAnother) {
    FaultUse use = repeated(0, 10 * ms, 100 * ms, 90 * ms);
    const auto drawn = [&] {
        std::vector<Nanos> at;
        for (const Occurrence& one : occurrences(use, 10'000 * ms))
            at.push_back(one.from);
        return at;
    };
    const auto first = drawn();
    EXPECT_EQ(first.size(), 100u);
    EXPECT_EQ(drawn(), first);
    Nanos least = 90 * ms, most = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const Nanos late = first[i] - static_cast<Nanos>(i) * 100 * ms;
        least = std::min(least, late);
        most = std::max(most, late);
    }
    EXPECT_GE(least, 0);
    EXPECT_LT(least, 20 * ms);
    EXPECT_LE(most, 90 * ms);
    EXPECT_GT(most, 70 * ms);
    use.aim.seed = 8;
    EXPECT_NE(drawn(), first);
}

TEST(Timeline, EachTimeIsAimedByASeedOfItsOwn) {
    const auto times = occurrences(repeated(0, 10 * ms, 100 * ms), 300 * ms);
    ASSERT_EQ(times.size(), 3u);
    EXPECT_EQ(times[0].aim.seed, 7u) << "the first as if it were the only one";
    EXPECT_NE(times[1].aim.seed, times[0].aim.seed);
    EXPECT_NE(times[2].aim.seed, times[1].aim.seed);
}

}  // namespace
}  // namespace squall
