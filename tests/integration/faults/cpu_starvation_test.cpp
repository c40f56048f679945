// Threads that have to share a CPU though the target has more.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "faults/kernel/busy_processes.hpp"
#include "faults/kernel/thread_affinity.hpp"
#include "suites/targets/process.hpp"
#include "target_rig.hpp"

namespace squall::test {
namespace {

/// One thread more for the process, busy for ever.
[[noreturn]] void burn_twice() {
    std::thread(burn).detach();
    burn();
}

class CpuStarvation : public TargetTest {
protected:
    void SetUp() override {
        TargetTest::SetUp();
        cpu_set_t own;
        CPU_ZERO(&own);
        if (!IsSkipped() && (sched_getaffinity(0, sizeof own, &own) != 0 || CPU_COUNT(&own) < 2)) {
            GTEST_SKIP() << "there is one CPU: nothing can be taken";
        }
    }
    std::vector<kernel::ProcessId> threads() const {
        std::vector<kernel::ProcessId> processes;
        for (const pid_t pid : cgroup->processes()) {
            if (const auto process = kernel::identify_process(pid)) processes.push_back(*process);
        }
        return kernel::threads_of(processes);
    }
    /// How many threads may use so many CPUs.
    std::ptrdiff_t with(int cpus) const {
        const auto all = threads();
        return std::count_if(all.begin(), all.end(), [&](const auto& thread) {
            const auto allowed = kernel::affinity(thread);
            return allowed && CPU_COUNT(&*allowed) == cpus;
        });
    }
    void start_threads() {
        start(burn_twice);
        ASSERT_TRUE(eventually([&] { return threads().size() == 2; }));
    }
    static int all_cpus() {
        cpu_set_t own;
        sched_getaffinity(0, sizeof own, &own);
        return CPU_COUNT(&own);
    }
};

TEST_F(CpuStarvation, ThreadsThatHaveToShareACpuWait) {
    start_threads();
    auto injection = inject("cpu-starvation", {});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(with(1), 2);
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "threads_confined"), 2);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(with(all_cpus()), 2);
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(CpuStarvation, AShareOfTheThreadsIsTheSameForTheSameSeed) {
    start_threads();
    std::set<pid_t> confined;
    for (int again = 0; again < 2; ++again) {
        auto injection = inject("cpu-starvation", {{"threads", "50%"}}, {.seed = 7});
        ASSERT_EQ(failure(injection), "");
        EXPECT_EQ(with(1), 1);
        for (const auto& thread : threads()) {
            const auto allowed = kernel::affinity(thread);
            if (allowed && CPU_COUNT(&*allowed) == 1) confined.insert(thread.pid);
        }
        injection->reset();
        EXPECT_EQ(with(all_cpus()), 2) << "the destructor heals";
    }
    EXPECT_EQ(confined.size(), 1U);
}

TEST_F(CpuStarvation, AnIdleTargetDoesNotWait) {
    start(sleep_for_ever);
    auto injection = inject("cpu-starvation", {});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(300));
    EXPECT_FALSE(witness.bit) << witness.evidence;
    EXPECT_EQ(with(1), 1);
}

TEST_F(CpuStarvation, WhatTheTargetStartsMeanwhileIsConfinedAndFreedWithIt) {
    start([] {
        cpu_set_t allowed;
        do {
            usleep(1000);
            sched_getaffinity(0, sizeof allowed, &allowed);
        } while (CPU_COUNT(&allowed) != 1);
        fork();
        sleep_for_ever();
    });
    auto injection = inject("cpu-starvation", {});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(eventually([&] { return threads().size() == 2; }));
    witness_after(**injection, std::chrono::milliseconds(250));
    EXPECT_EQ(with(1), 2);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(with(all_cpus()), 2);
}

TEST_F(CpuStarvation, WhatTheTargetChangedItselfIsLeftAndNoWitness) {
    const pid_t pid = start(burn);
    auto injection = inject("cpu-starvation", {});
    ASSERT_EQ(failure(injection), "");
    const auto thread = kernel::identify_process(pid);
    ASSERT_EQ(failure(thread), "");
    const auto confined = kernel::affinity(*thread);
    ASSERT_EQ(failure(confined), "");
    cpu_set_t other;
    CPU_ZERO(&other);
    cpu_set_t own;
    sched_getaffinity(0, sizeof own, &own);
    for (std::size_t cpu = 0; CPU_COUNT(&other) == 0; ++cpu) {
        if (CPU_ISSET(cpu, &own) && !CPU_ISSET(cpu, &*confined)) CPU_SET(cpu, &other);
    }
    ASSERT_EQ(failure(kernel::set_affinity(*thread, other)), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
    EXPECT_EQ(failure((*injection)->heal()), "");
    const auto now = kernel::affinity(*thread);
    ASSERT_EQ(failure(now), "");
    EXPECT_TRUE(CPU_EQUAL(&*now, &other));
}

TEST_F(CpuStarvation, HealFreesWhatAKilledRunConfined) {
    const pid_t pid = start(sleep_for_ever);
    const auto thread = kernel::identify_process(pid);
    ASSERT_EQ(failure(thread), "");
    const auto earlier = kernel::affinity(*thread);
    ASSERT_EQ(failure(earlier), "");
    const Scratch dead;
    {
        auto left = Journal::create(dead.directory(), "dead");
        ASSERT_EQ(failure(left), "");
        ASSERT_EQ(failure(left->open("thread-affinity", {{"pid", std::to_string(pid)},
                                                         {"start_time", std::to_string(thread->start_time)},
                                                         {"cpus", kernel::to_text(*earlier)}})),
                  "");
    }
    const auto first = kernel::parse_cpus(kernel::to_text(*earlier).substr(0, kernel::to_text(*earlier).find(',')));
    ASSERT_EQ(failure(first), "");
    ASSERT_EQ(failure(kernel::set_affinity(*thread, *first)), "");
    const auto outcomes = heal_dead_runs(dead.directory());
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(failure(outcomes[0].status), "");
    EXPECT_EQ(with(all_cpus()), 1);
}

TEST_F(CpuStarvation, WhatCannotBeIsSaid) {
    EXPECT_NE(failure(inject("cpu-starvation", {})), "") << "no thread of the target";
    start(sleep_for_ever);
    EXPECT_NE(failure(inject("cpu-starvation", {{"cpus", "1024"}})), "") << "it has no more than that";
    EXPECT_EQ(with(all_cpus()), 1);
}

TEST_F(CpuStarvation, ATargetAndItsNeighboursHaveTheCpusThatSquallGaveThem) {
    cpu_set_t one;
    CPU_ZERO(&one);
    const int here = sched_getcpu();
    CPU_SET(static_cast<std::size_t>(here), &one);
    ProcessPlan plan;
    plan.command = {"/bin/sh", "-c", "while :; do :; done"};
    plan.output = "/dev/null";
    plan.netns = &testbed->target;
    plan.cgroup = cgroup.get();
    plan.cpus = {here};
    const auto process = Process::start(*journal, plan);
    ASSERT_EQ(failure(process), "");
    EXPECT_EQ(with(1), 1) << "its control group may have a cpuset, with more";
    const auto neighbours = kernel::BusyProcesses::start(*cgroup, 2, 1, one);
    ASSERT_EQ(failure(neighbours), "");
    EXPECT_EQ(with(1), 3);
}

}  // namespace
}  // namespace squall::test
