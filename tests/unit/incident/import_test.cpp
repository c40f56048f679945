// From a record to a scenario: what is replayed, and that it can be.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "suites/incident/scenario_text.hpp"

namespace squall::incident {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Imported {
    Plan plan;
    std::string text, listing;
    Scenario scenario;
};

Imported import_text(const std::string& text, PlanOptions options = {},
                     const std::map<std::string, std::string>& map = {}) {
    const auto read = read_recording(text, "it.log");
    EXPECT_TRUE(read.recording) << (read.errors.empty() ? "" : to_string(read.errors.front()));
    if (!read.recording) return {};
    const auto recognition = recognise(*read.recording, "it.log", map);
    EXPECT_TRUE(recognition) << recognition.error().message;
    if (!recognition) return {};
    const auto plan = plan_replay(*read.recording, *recognition, options);
    EXPECT_TRUE(plan) << plan.error().message;
    if (!plan) return {};
    Imported imported{*plan,
                      to_scenario(*plan, *read.recording, *recognition, {"it.log", "it"}),
                      to_listing(*plan, *read.recording, *recognition),
                      {}};
    const auto parsed = parse_scenario(imported.text, "it.yaml", all_faults());
    for (const InputError& error : parsed.errors)
        ADD_FAILURE() << to_string(error) << "\n" << imported.text;
    if (parsed.scenario) imported.scenario = *parsed.scenario;
    return imported;
}

std::string example(const std::string& name) {
    std::ifstream file(SQUALL_HOW_TO "/incident/" + name);
    EXPECT_TRUE(file) << name;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

const Cohort& cohort(const Scenario& scenario, std::string_view name) {
    for (const Cohort& one : scenario.cohorts)
        if (one.name == name) return one;
    ADD_FAILURE() << name;
    return scenario.cohorts.front();
}

TEST(Import, TheBroadcastTrace) {
    const Imported imported = import_text(example("broadcast.log"), {.scale = 50, .speed = 4});
    EXPECT_EQ(imported.plan.healthy + imported.plan.slow, 1005u);
    // Nine in ten of a hundred connections had next to no queue; at p95 156 messages waited.
    EXPECT_EQ(imported.plan.slow, 60u);
    // 341 messages were 18.4 s long, 502 were 32.6 s; four seconds in one.
    EXPECT_NEAR(imported.plan.publish_rate.front().value / 4, 341 / 18.4, 3.2);
    // Lateness grew by 14.2 s in 30: that share of what is published was not read.
    const double published = imported.plan.message_bytes * imported.plan.publish_rate.front().value;
    EXPECT_NEAR(imported.plan.slow_rate / published, 1 - 14.2 / 30, 0.01);
    EXPECT_NEAR(imported.plan.begin_s, 18.4 / (14.2 / 30) / 4, 0.1);
    ASSERT_TRUE(imported.scenario.record);
    EXPECT_EQ(imported.scenario.record->series.size(), 7u);
    EXPECT_EQ(imported.scenario.record->free.size(), 3u);
    EXPECT_EQ(imported.scenario.record->series[0].scale, 0.02);
    EXPECT_THAT(imported.listing, HasSubstr("everything was recognised"));
    EXPECT_THAT(imported.listing, HasSubstr("OOM killed"));
}

TEST(Import, TheSameInThreeFormats) {
    const Imported log = import_text(example("broadcast.log"));
    for (const char* other : {"broadcast.csv", "broadcast.json"}) {
        const Imported same = import_text(example(other));
        EXPECT_EQ(same.plan.slow_rate, log.plan.slow_rate) << other;
        EXPECT_EQ(same.plan.memory_headroom, log.plan.memory_headroom) << other;
        EXPECT_EQ(same.plan.message_bytes, log.plan.message_bytes) << other;
        const auto& series = same.scenario.record->series;
        ASSERT_EQ(series.size(), log.scenario.record->series.size()) << other;
        for (std::size_t i = 0; i < series.size(); ++i) {
            EXPECT_EQ(series[i].measure.metric, log.scenario.record->series[i].measure.metric);
            EXPECT_EQ(series[i].points.front().value, log.scenario.record->series[i].points.front().value);
            EXPECT_EQ(series[i].points.back().at_s, log.scenario.record->series[i].points.back().at_s);
        }
    }
}

TEST(Import, ASmallestRecordIsFilledWithDefaults) {
    const Imported imported = import_text("0 connections: 100\n10 connections: 100\n");
    EXPECT_EQ(imported.plan.scale, 1);
    EXPECT_EQ(imported.plan.slow, 1u);
    EXPECT_EQ(imported.scenario.publishers.front().arrivals.rate, 10);
    EXPECT_THAT(imported.listing, HasSubstr("chosen"));
}

TEST(Import, WhatWasPublishedHasItsCourse) {
    const Imported imported = import_text(
        "0 connections: 100 publish rate: 10/s\n10 publish rate: 40/s\n20 publish rate: 40/s\n30 publish rate: 5/s\n");
    ASSERT_EQ(imported.scenario.phases.size(), 4u);
    EXPECT_EQ(imported.scenario.publishers.size(), 4u);
    EXPECT_EQ(imported.scenario.publishers[1].arrivals.process, Arrivals::Process::ramp);
    EXPECT_EQ(imported.scenario.publishers[2].arrivals.process, Arrivals::Process::constant);
    EXPECT_EQ(imported.scenario.publishers[3].arrivals.rate_end, 5);
}

TEST(Import, ConnectionsComeAndGo) {
    const Imported imported =
        import_text("0 connections: 100\n10 connections: 200\n20 connections: 200\n30 connections: 150\n");
    EXPECT_EQ(cohort(imported.scenario, "joining-1").connections, 100u);
    EXPECT_EQ(cohort(imported.scenario, "leaving-2").connections, 50u);
    EXPECT_EQ(cohort(imported.scenario, "joining-1").reconnect.policy, Reconnect::Policy::fixed);
}

TEST(Import, ReadersBecomeSlowAndWellAgain) {
    const Imported imported = import_text(
        "0 connections: 1000 slow clients: 10\n10 slow clients: 10\n20 slow clients: 60\n30 slow clients: 60\n"
        "40 connections: 1000 slow clients: 10\n");
    EXPECT_EQ(cohort(imported.scenario, "slow").connections, 10u);
    EXPECT_EQ(cohort(imported.scenario, "slow-later-1").connections, 50u);
    EXPECT_EQ(cohort(imported.scenario, "healthy").connections, 940u);
    const FaultUse& use = imported.scenario.phases[1].faults.at(0);
    EXPECT_EQ(use.fault->name, "slow-reader");
    EXPECT_EQ(use.at, 15 * nanos_per_second);
    EXPECT_EQ(use.lasts, 20 * nanos_per_second);
    EXPECT_EQ(imported.scenario.record->free.size(), 2u);  // how many are slow is known
}

TEST(Import, DeathsAndCaps) {
    const Imported imported = import_text(
        "0 connections: 100 cpu: 1.9 / 2 cores memory: 3 GB reconnects: 5/s\n"
        "10 hub crashed\n11 hub restarting\n30 connections: 100 cpu: 2 / 2 cores memory: 3 GB reconnects: 5/s\n",
        {.scale = 2, .speed = 2});
    std::vector<std::string> faults;
    for (const Phase& phase : imported.scenario.phases)
        for (const FaultUse& use : phase.faults)
            faults.push_back(use.name);
    EXPECT_THAT(faults, ElementsAre("cpu-cap", "churn-1", "kill-1"));
}

TEST(Import, AnOutOfMemoryKillFollowsFromTheLimit) {
    const Imported imported =
        import_text("0 connections: 100 memory: 3 / 4 GB\n10 connections: 100 memory: 4 / 4 GB\n10 OOM killed\n");
    EXPECT_TRUE(imported.plan.kills.empty());
    EXPECT_TRUE(imported.plan.memory_headroom);
    EXPECT_THAT(imported.text, HasSubstr("memory stays clear of its limit"));
}

TEST(Import, BytesAreScaledWhereOneMachineCannotCarryThem) {
    const Imported imported = import_text(
        "0 connections: 1000 publish rate: 10/s message size: 100 KB queued bytes: 1 GB\n"
        "10 connections: 1000 publish rate: 10/s message size: 100 KB queued bytes: 2 GB\n",
        {.scale = 1, .speed = 1});
    EXPECT_EQ(imported.plan.message_bytes, 10'000u);
    EXPECT_DOUBLE_EQ(imported.scenario.record->series.back().scale, 0.1);
}

TEST(Import, AScaleThatLeavesNobodyIsRefused) {
    const auto read = read_recording("0 connections: 100\n10 connections: 100\n", "it");
    const auto recognition = recognise(*read.recording, "it", {});
    const auto plan = plan_replay(*read.recording, *recognition, {.scale = 50, .speed = 1});
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message, HasSubstr("--scale 1:50 leaves 2 of 100 connections"));
}

TEST(Import, NamesOfScenarios) {
    EXPECT_EQ(scenario_name("logs/Broadcast 2026_03.log"), "broadcast-2026-03");
    EXPECT_EQ(scenario_name("2026.csv"), "incident-2026");
    EXPECT_EQ(scenario_name("---"), "incident");
}

TEST(Simplified, KeepsWhereItTurns) {
    const std::vector<Point> points{{0, 0}, {1, 1.01}, {2, 2}, {3, 1}, {4, 0}};
    const auto few = simplified(points, 0.1);
    ASSERT_EQ(few.size(), 3u);
    EXPECT_EQ(few[1].at_s, 2);
    EXPECT_EQ(simplified(points, 5).size(), 1u);
}

}  // namespace
}  // namespace squall::incident
