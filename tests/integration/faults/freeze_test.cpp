// A target that stands still.
#include <signal.h>

#include <fstream>

#include "faults/kernel/process.hpp"
#include "target_rig.hpp"

namespace squall::test {
namespace {

using Freeze = TargetTest;

double measure(const Witness& witness, const std::string& name) {
    for (const auto& measure : witness.measures) {
        if (measure.name == name) return measure.value;
    }
    ADD_FAILURE() << "no measure " << name;
    return -1;
}

TEST_F(Freeze, OnePauseLastsUntilHealing) {
    const pid_t pid = start(burn);
    auto injection = inject("freeze", {});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(state_of(pid), 'T');
    EXPECT_EQ(measure(witness, "used_seconds"), 0);
    EXPECT_TRUE(witness_after(**injection, std::chrono::milliseconds(200)).bit);
    EXPECT_EQ(state_of(pid), 'T');

    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(eventually([&] { return state_of(pid) == 'R'; }));
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(Freeze, ItComesAgain) {
    const pid_t pid = start(burn);
    for (int pause = 0; pause < 3; ++pause) {
        SCOPED_TRACE(pause);
        auto injection = inject("freeze", {});
        ASSERT_EQ(failure(injection), "");
        EXPECT_GT(measure(wait_for_bite(**injection), "stopped_seconds"), 0);
        EXPECT_EQ(state_of(pid), 'T');
        injection->reset();
        EXPECT_TRUE(eventually([&] { return state_of(pid) == 'R'; })) << "the destructor heals";
    }
}

TEST_F(Freeze, WithoutAControlGroupTheVariableFindsTheWholeTree) {
    rig_->target_cgroup = nullptr;
    start_without_group("sh -c 'while :; do sleep 0.01; done' & while :; do sleep 0.01; done");
    ASSERT_TRUE(eventually([&] { return kernel::processes_of_run(run_id).size() >= 2; }));
    auto injection = inject("freeze", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(wait_for_bite(**injection).bit);
    const auto stopped = kernel::processes_of_run(run_id);
    EXPECT_GE(stopped.size(), 2U);
    for (const auto& process : stopped)
        EXPECT_EQ(state_of(process.pid), 'T') << process.pid;
    EXPECT_EQ(failure((*injection)->heal()), "");
}

TEST_F(Freeze, WhatSomebodyElseStoppedStaysStopped) {
    const pid_t other = start(sleep_for_ever);
    ASSERT_EQ(kill(other, SIGSTOP), 0);
    ASSERT_TRUE(eventually([&] { return state_of(other) == 'T'; }));
    start(burn);
    auto injection = inject("freeze", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(measure(wait_for_bite(**injection), "processes"), 1);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(state_of(other), 'T');
}

TEST_F(Freeze, ATargetThatSomebodyContinuesIsNoPause) {
    const pid_t pid = start(burn);
    auto injection = inject("freeze", {});
    ASSERT_EQ(failure(injection), "");
    wait_for_bite(**injection);
    const auto used = [&] { return kernel::process_activity(*kernel::identify_process(pid))->cpu_time; };
    const Nanos before = used();
    ASSERT_EQ(kill(pid, SIGCONT), 0);
    ASSERT_TRUE(eventually([&] { return used() > before; }));
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    ASSERT_TRUE(eventually([&] { return state_of(pid) == 'T'; }));
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit) << "it used CPU time";
}

TEST_F(Freeze, WithoutATargetOfSquallsItIsAnError) {
    EXPECT_NE(failure(inject("freeze", {})), "") << "no process in the group, and none that bears the variable";
}

TEST_F(Freeze, HealContinuesWhatAKilledRunStoppedAndNothingElse) {
    const pid_t ours = start(burn);
    const pid_t others = start(burn);
    const Scratch dead;
    {
        auto left = Journal::create(dead.directory(), "dead");
        ASSERT_EQ(failure(left), "");
        const auto mine = kernel::identify_process(ours);
        const auto reused = kernel::identify_process(others);
        ASSERT_TRUE(mine && reused);
        const auto list = std::to_string(ours) + " " + std::to_string(mine->start_time) + " " + std::to_string(others) +
                          " " + std::to_string(reused->start_time + 1);
        ASSERT_EQ(failure(left->open("process-continue", {{"processes", list}})), "");
    }
    for (const pid_t pid : {ours, others}) {
        ASSERT_EQ(kill(pid, SIGSTOP), 0);
        ASSERT_TRUE(eventually([&] { return state_of(pid) == 'T'; }));
    }
    const auto outcomes = heal_dead_runs(dead.directory());
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(failure(outcomes[0].status), "");
    EXPECT_TRUE(eventually([&] { return state_of(ours) == 'R'; }));
    EXPECT_EQ(state_of(others), 'T') << "another process under a number that is used again";
}

}  // namespace
}  // namespace squall::test
