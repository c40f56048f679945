// A target that is killed and comes back.
#include <signal.h>

#include <fstream>

#include "faults/kernel/process.hpp"
#include "suites/targets/supervised_process.hpp"
#include "target_rig.hpp"

namespace squall::test {
namespace {

using testing::Test;

class Kill : public TargetTest {
protected:
    void TearDown() override {
        if (supervised) (void)supervised->end(SIGKILL);  // whatever its grace
        supervised.reset();
        std::filesystem::remove(log);
        TargetTest::TearDown();
    }
    /// Runs `script`, which has to print "up" when it is ready.
    void run(const std::string& script, Nanos grace = 5 * nanos_per_second) {
        ProcessPlan plan;
        plan.command = {"/bin/sh", "-c", script};
        plan.output = log;
        plan.netns = &testbed->target;
        plan.cgroup = cgroup.get();
        plan.stop_grace = grace;
        const auto ready = [this, log = log]() -> Status {
            return lines("up", log) > starts_before ? Status() : Error{"not yet"};
        };
        auto started = SupervisedProcess::start(*journal, plan, ready);
        ASSERT_EQ(failure(started), "");
        supervised = std::move(*started);
        rig_->target_process = supervised.get();
        ASSERT_TRUE(eventually([&] { return lines("up", log) == 1; }));
        starts_before = 1;
    }
    static int lines(const std::string& text, const std::filesystem::path& log) {
        std::ifstream file(log);
        int count = 0;
        for (std::string line; std::getline(file, line);)
            count += line == text;
        return count;
    }
    /// Advances until the witness has counted so many.
    Witness until(Injection& injection, const char* name, double count) {
        Witness last;
        EXPECT_TRUE(eventually([&] {
            last = witness_after(injection, std::chrono::milliseconds(50));
            starts_before = static_cast<int>(supervised->restarts().size());
            return measure(last, name) >= count || Test::HasFailure();
        })) << last.evidence;
        return last;
    }
    bool one_member() const { return cgroup->processes() == std::vector<pid_t>{supervised->pid()}; }

    std::unique_ptr<SupervisedProcess> supervised;
    const std::filesystem::path log = scratch.directory() / "log";
    std::atomic<int> starts_before = 0;
};

TEST_F(Kill, ItEndsAndAnotherOneServesInItsPlace) {
    run("echo up; exec sleep 600");
    const pid_t first = supervised->pid();
    auto injection = inject("kill", {{"restart_after", "10ms"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = until(**injection, "ready_again", 1);
    EXPECT_TRUE(witness.bit);
    EXPECT_NE(supervised->pid(), first);
    EXPECT_TRUE(one_member()) << "in the same control group";
    EXPECT_EQ(lines("up", log), 2) << "the log goes on";
    EXPECT_FALSE(supervised->died()) << "no death of its own";
    ASSERT_EQ(supervised->restarts().size(), 1U);
    EXPECT_EQ(supervised->restarts()[0].pid, first);
    EXPECT_EQ(supervised->restarts()[0].how, "killed by signal 9 (Killed)");
    EXPECT_GE(supervised->restarts()[0].ready_at, supervised->restarts()[0].ended_at);

    const pid_t second = supervised->pid();
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
    EXPECT_EQ(supervised->pid(), second) << "what runs is left alone";
}

TEST_F(Kill, ALoopGoesOnUntilItsTimesAreUpAndBacksOff) {
    run("echo up; exec sleep 600");
    auto injection = inject(
        "kill",
        {{"times", "3"}, {"uptime", "10ms"}, {"restart_after", "60ms"}, {"backoff", "3"}, {"backoff_max", "150ms"}});
    ASSERT_EQ(failure(injection), "");
    until(**injection, "ready_again", 3);
    EXPECT_EQ(measure(witness_after(**injection, std::chrono::milliseconds(200)), "kills"), 3);
    const auto restarts = supervised->restarts();
    ASSERT_EQ(restarts.size(), 3U);
    const Nanos least[] = {60'000'000, 150'000'000, 150'000'000};
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_GE(restarts[i].started_at - restarts[i].ended_at, least[i]) << i;
    EXPECT_TRUE(one_member());
}

TEST_F(Kill, HealingDoesNotWaitForTheSupervisor) {
    run("echo up; exec sleep 600");
    for (const bool by_destructor : {false, true}) {
        auto injection = inject("kill", {{"restart_after", "1h"}, {"backoff_max", "1h"}});
        ASSERT_EQ(failure(injection), "");
        until(**injection, "kills", 1);
        EXPECT_EQ(supervised->pid(), 0);
        EXPECT_TRUE(cgroup->processes().empty());
        if (!by_destructor) {
            EXPECT_EQ(failure((*injection)->heal()), "");
        }
        injection->reset();
        EXPECT_NE(supervised->pid(), 0);
        EXPECT_TRUE(one_member());
    }
}

TEST_F(Kill, TermLetsItSayGoodByeAndWhatItLeavesBehindIsEnded) {
    run("setsid sleep 600 & trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.01; done");
    auto injection = inject("kill", {{"signal", "term"}, {"restart_after", "5m"}});
    ASSERT_EQ(failure(injection), "");
    until(**injection, "kills", 1);
    EXPECT_EQ(lines("bye", log), 1);
    EXPECT_EQ(supervised->restarts()[0].how, "exited with status 4");
    EXPECT_TRUE(kernel::processes_of_run(run_id).empty())
        << "it left the control group's session, and went all the same";
}

TEST_F(Kill, WhatDoesNotHeedTheSignalIsKilledAfterItsGrace) {
    run("trap '' TERM; echo up; while :; do sleep 0.01; done", 100'000'000);
    auto injection = inject("kill", {{"signal", "term"}});
    ASSERT_EQ(failure(injection), "");
    until(**injection, "kills", 1);
    EXPECT_EQ(supervised->restarts()[0].how, "killed by signal 9 (Killed)");
}

TEST_F(Kill, HealingDoesNotWaitForFarewells) {
    run("trap '' TERM; echo up; while :; do sleep 0.01; done", 600 * nanos_per_second);
    const pid_t first = supervised->pid();
    auto injection = inject("kill", {{"signal", "term"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(100)).bit) << "it has not ended";
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_NE(supervised->pid(), first);
    EXPECT_NE(supervised->pid(), 0);
}

TEST_F(Kill, HalfALineDoesNotSwallowTheNext) {
    run("echo up; printf half; exec sleep 600");
    ASSERT_TRUE(eventually([&] { return lines("half", log) == 1; }));
    auto injection = inject("kill", {{"restart_after", "10ms"}});
    ASSERT_EQ(failure(injection), "");
    until(**injection, "ready_again", 1);
    EXPECT_EQ(lines("up", log), 2);
}

TEST_F(Kill, WhatDiesByItselfIsNotTheFaultsDoing) {
    const std::string mark = scratch.directory() / "mark";
    run("test -e " + mark + " && exit 3; : > " + mark + "; echo up; exec sleep 600");
    auto injection = inject("kill", {{"restart_after", "10ms"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(eventually([&] {
        witness_after(**injection, std::chrono::milliseconds(50));
        return supervised->died().has_value();
    }));
    EXPECT_EQ(supervised->died()->how, "exited with status 3");
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_TRUE(supervised->died()) << "nobody started it again";
    EXPECT_NE(failure(inject("kill", {})), "") << "there is nothing to kill";
    std::filesystem::remove(mark);
}

TEST_F(Kill, WhatCannotBeIsSaid) {
    EXPECT_NE(failure(inject("kill", {})), "") << "no target that squall started";
    run("echo up; exec sleep 600");
    EXPECT_NE(failure(inject("kill", {{"restart_after", "10s"}, {"backoff_max", "1s"}})), "");
    EXPECT_NE(failure(inject("kill", {{"times", "0"}})), "");
    EXPECT_TRUE(one_member());
}

}  // namespace
}  // namespace squall::test
