// From a record to a scenario: what is replayed, and that it can be.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "suites/incident/course.hpp"
#include "suites/incident/listing.hpp"
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
                      to_scenario(*plan, *recognition, {"it.log", "it"}),
                      to_listing(*plan, *read.recording, *recognition),
                      {}};
    const auto parsed = parse_scenario(imported.text, "it.yaml", all_faults());
    for (const InputError& error : parsed.errors)
        ADD_FAILURE() << to_string(error) << "\n" << imported.text;
    if (!parsed.scenario) return imported;
    imported.scenario = *parsed.scenario;
    if (!imported.scenario.record) return imported;
    for (const FreeParameter& free : imported.scenario.record->free) {
        for (const double end : {free.from, free.to}) {
            const auto edited = with_free_values(imported.text, {{free.what, end}});
            EXPECT_TRUE(edited && parse_scenario(*edited, "it.yaml", all_faults()).scenario) << end << imported.text;
        }
    }
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

std::string refused_plan(const std::string& text, PlanOptions options) {
    const auto read = read_recording(text, "it");
    const auto recognition = recognise(*read.recording, "it", {});
    const auto plan = plan_replay(*read.recording, *recognition, options);
    return plan ? "" : plan.error().message;
}

TEST(Import, AScaleThatLeavesNobodyOrTooManyIsRefused) {
    EXPECT_THAT(refused_plan("0 connections: 100\n10 connections: 100\n", {.scale = 50, .speed = 1}),
                HasSubstr("--scale 1:50 leaves 2 of 100 connections"));
    EXPECT_THAT(refused_plan("0 connections: 100\n10 connections: 42949674\n", {.scale = 0.01, .speed = 1}),
                HasSubstr("--scale 1:0.01 makes 4,294,967,400 connections"));
}

std::vector<std::string> faults_of(const Scenario& scenario, std::string_view fault) {
    std::vector<std::string> names;
    for (const Phase& phase : scenario.phases)
        for (const FaultUse& use : phase.faults)
            if (use.fault->name == fault) names.push_back(use.name);
    return names;
}

TEST(Import, EachDeathIsOverBeforeTheNextOne) {
    const Imported counted = import_text("time,connections,restarts\n0,1000,0\n30,1000,1\n60,1000,2\n90,1000,2\n");
    EXPECT_THAT(faults_of(counted.scenario, "kill"), ElementsAre("kill-1", "kill-2"));
    const Imported told = import_text(
        "0 connections: 100\n10 server crashed\n15 restarting server\n30 server crashed\n40 connections: 100\n");
    EXPECT_THAT(faults_of(told.scenario, "kill"), ElementsAre("kill-1", "kill-2"));
}

TEST(Import, DeathsThatTheSpeedLeavesNoRoomForAreCounted) {
    const Imported imported =
        import_text("0 connections: 100\n1000 hub crashed\n1100 hub crashed\n1200 hub crashed\n4000 connections: 100\n",
                    {.scale = 1, .speed = 100});
    EXPECT_THAT(faults_of(imported.scenario, "kill"), ElementsAre("kill-1", "kill-2"));
    EXPECT_THAT(imported.listing, HasSubstr("injected 2 times; 1 more are left out"));
}

TEST(Import, ARestartAfterTheKillThatFollowsFromTheLimitIsThatDeath) {
    const Imported imported = import_text(
        "0 connections: 100 memory: 3 / 4 GB\n10 connections: 100 memory: 4 / 4 GB\n10 OOM killed\n"
        "13 restarting hub\n");
    EXPECT_THAT(faults_of(imported.scenario, "kill"), ElementsAre());
}

TEST(Import, WhereTheMemoryLimitIsNotImposedTheKillIsInjected) {
    const Imported imported = import_text(
        "0 connections: 100 memory: 4 GB / 16 GB publish rate: 10/s\n10 memory: 6 GB / 16 GB publish rate: 50/s\n"
        "20 memory: 8 GB / 16 GB publish rate: 10/s\n30 memory: 15 GB / 16 GB publish rate: 80/s\n"
        "30 OOM killed process\n");
    EXPECT_THAT(faults_of(imported.scenario, "memory-cap"), ElementsAre());
    EXPECT_THAT(faults_of(imported.scenario, "kill"), ElementsAre("kill-1"));
    EXPECT_THAT(imported.listing, HasSubstr("judged, and not imposed"));
    EXPECT_THAT(imported.listing, Not(HasSubstr("is not injected")));
}

TEST(Import, ACpuLimitHasItsCourse) {
    const Imported imported =
        import_text("time,connections,publish rate,cpu limit\n0,100,10,4\n10,100,50,4\n20,100,10,1\n30,100,80,1\n",
                    {.scale = 1, .speed = 1});
    const auto cores = [&](std::size_t phase) {
        return imported.scenario.phases.at(phase).faults.at(0).options.curve("cores").value_at(0);
    };
    ASSERT_EQ(imported.scenario.phases.size(), 4u);
    EXPECT_EQ(cores(1), 4);
    EXPECT_EQ(cores(2), 4);
    EXPECT_EQ(cores(3), 1);
    EXPECT_THAT(imported.listing, HasSubstr("4 cores of 4, 1 from 22s"));
}

TEST(Import, StepsOfACpuLimitThatAreOneInstantAreOne) {
    const Imported imported =
        import_text("0 connections: 100 cpu limit: 4\n0.001 cpu limit: 2\n0.002 cpu limit: 1\n30 cpu limit: 1\n",
                    {.scale = 1, .speed = 10});
    EXPECT_EQ(imported.scenario.phases.at(1).faults.at(0).options.curve("cores").value_at(nanos_per_second), 10);
}

TEST(Import, NoMoreCanBeSlowThanStayThroughout) {
    const Imported imported = import_text("time,connections,queue_depth_p95\n0,100,10\n60,1000,80\n");
    const FreeParameter& share = imported.scenario.record->free.at(0);
    EXPECT_EQ(share.what, FreeParameter::What::slow_share);
    EXPECT_DOUBLE_EQ(share.to, 0.099);  // 100 of 1,000 are there throughout, and one reads
}

TEST(Import, TimesKeepTheirDigits) {
    const Imported imported =
        import_text("time,connections\n0,100\n1000000.001,100\n1000000.002,100\n", {.scale = 1, .speed = 10000});
    EXPECT_EQ(imported.scenario.record->series.at(0).points.size(), 3u);
}

TEST(Import, TheListingSaysWhatWasNotRead) {
    const Imported imported = import_text(
        "0 c: 1 connections: 100 temperature: 12abc weird: -5 queue depth: about 7\n"
        "10 c: 1 connections: 100 weird: -5 latency p99: NaN\n20 all is well\n",
        {}, {{"c", "ignore"}});
    EXPECT_THAT(imported.listing, HasSubstr("temperature                  1 value, the first in line 1: '12abc'"));
    EXPECT_THAT(imported.listing,
                HasSubstr("weird                        2 values, the first in line 1: -5 is negati"));
    EXPECT_THAT(imported.listing, HasSubstr("queue depth                  1 value, the first in line 1: 'about 7' is"));
    EXPECT_THAT(imported.listing, HasSubstr("ignored, as --map says: c\n"));
    EXPECT_THAT(imported.listing, HasSubstr("1 line with a time holds no value that is understood"));
    EXPECT_THAT(imported.listing, HasSubstr("1 value is none (NaN"));
    EXPECT_THAT(imported.listing, Not(HasSubstr("everything was recognised")));
}

TEST(Import, SecondsNextToAMinute) {
    const Imported imported = import_text(
        "0 connections: 100 cpu limit: 500m latency p99: 1m\n10 connections: 100 cpu limit: 500m latency p99: 90s\n");
    EXPECT_EQ(imported.plan.cpu_cap.at(0).value, 0.5);
    EXPECT_EQ(imported.scenario.record->series.at(1).points.at(0).value, 60);
}

TEST(Import, ALongNameIsCutBetweenCharacters) {
    std::string names;
    for (int i = 0; i < 9; ++i)
        names += fmt::format("0 rss µ{0}{1}: 5 B\n9 rss µ{0}{1}: 5 B\n", i, std::string(13, 'x'));
    const Imported imported = import_text(names + "0 rss " + std::string(3, 'y') + "µµµµµµµµµµµµ: 5 B\n");
    const std::string& name = imported.scenario.record->series.at(0).name;
    EXPECT_LE(name.size(), 200u);
    EXPECT_NE(static_cast<unsigned char>(name.back()), 0xC2);  // of µ in UTF-8, the first byte
}

TEST(Import, WhatIsNoUtf8IsReplaced) {
    const Imported imported = import_text(
        "0 m\xE9moire rss: 5 B connections: 10\n1 m\xE9moire rss: 6 B connections: 10\n2 \xFFhub \xC2\x85 crashed\n");
    EXPECT_EQ(imported.scenario.record->series.at(0).name, "m?moire rss");
    for (const std::string& text : {imported.text, imported.listing})
        EXPECT_EQ(text.find_first_of("\xE9\xFF\x85"), std::string::npos);
}

TEST(Import, AMessageOfNoSizeIsNone) {
    const Imported imported =
        import_text("time,publish_bytes_per_second,message_size_bytes,connections\n0,0,0,100\n10,1000,100,100\n");
    EXPECT_EQ(imported.plan.message_bytes, 100u);
    EXPECT_EQ(imported.scenario.publishers.back().arrivals.rate_end, 10);
    EXPECT_EQ(imported.plan.slow_rate, 500);  // half of what is published, once anything is
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

TEST(Simplified, OfVeryManyPointsKeepsTheirExtremes) {
    std::vector<Point> points;
    for (int i = 0; i < 500'000; ++i)  // quadratic, it takes an hour
        points.push_back({static_cast<double>(i), i == 123'456 ? 1000.0 : i % 97});
    const auto few = simplified(points, 0.1);
    EXPECT_LE(few.size(), 9u);
    EXPECT_EQ(course_at(few, 123'456), 1000);
}

}  // namespace
}  // namespace squall::incident
