// A target that runs out of descriptors.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "faults/kernel/descriptor_limit.hpp"
#include "target_rig.hpp"

namespace squall::test {
namespace {

/// Opens what it may, as a server whose load uses up what is left.
[[noreturn]] void leak() {
    while (true) {
        if (open("/dev/null", O_RDONLY) < 0) usleep(1000);
    }
}

class FdLimit : public TargetTest {
protected:
    pid_t run(void (*work)()) {
        const pid_t pid = start(work);
        const auto identity = kernel::identify_process(pid);
        EXPECT_EQ(failure(identity), "");
        if (identity) process = *identity;
        const auto soft = limit();
        EXPECT_EQ(failure(kernel::set_descriptor_limit(process, soft - 1)), "") << "so that it is nobody's default";
        earlier = soft - 1;
        return pid;
    }
    std::uint64_t limit() const {
        const auto soft = kernel::descriptor_limit(process);
        EXPECT_EQ(failure(soft), "");
        return soft ? *soft : 0;
    }

    kernel::ProcessId process;
    std::uint64_t earlier = 0;
};

TEST_F(FdLimit, ATargetThatOpensMoreRunsOut) {
    run(leak);
    auto injection = inject("fd-limit", {{"limit", "100"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(limit(), 100U);
    wait_for_bite(**injection);
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(limit(), earlier);
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(FdLimit, HeadroomIsBeyondWhatIsOpen) {
    run(sleep_for_ever);
    const auto open = kernel::open_descriptors(process);
    ASSERT_EQ(failure(open), "");
    auto injection = inject("fd-limit", {{"headroom", "5"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(kernel::descriptors_left(*open, limit()), 5U);
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(200));
    EXPECT_FALSE(witness.bit) << "it opened none: " << witness.evidence;
    injection->reset();
    EXPECT_EQ(limit(), earlier) << "the destructor heals";
}

TEST_F(FdLimit, NoHeadroomBitesAtOnce) {
    run(sleep_for_ever);
    auto injection = inject("fd-limit", {{"headroom", "0"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
}

TEST_F(FdLimit, ATargetThatRaisesItAgainIsNotLimited) {
    run(sleep_for_ever);
    auto injection = inject("fd-limit", {{"headroom", "0"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(failure(kernel::set_descriptor_limit(process, earlier)), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(50)).bit);
}

TEST_F(FdLimit, WhatTheTargetChangedItselfIsLeft) {
    run(sleep_for_ever);
    auto injection = inject("fd-limit", {{"limit", "40"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(failure(kernel::set_descriptor_limit(process, earlier - 1)), "");
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(limit(), earlier - 1);
}

TEST_F(FdLimit, WhatInheritedTheLimitGetsTheEarlierOneBack) {
    run([] {
        rlimit now{};
        do {
            usleep(1000);
            getrlimit(RLIMIT_NOFILE, &now);
        } while (now.rlim_cur != 40);
        fork();
        sleep_for_ever();
    });
    auto injection = inject("fd-limit", {{"limit", "40"}});
    ASSERT_EQ(failure(injection), "");
    ASSERT_TRUE(eventually([&] { return cgroup->processes().size() == 2; }));
    EXPECT_EQ(failure((*injection)->heal()), "");
    for (const pid_t pid : cgroup->processes()) {
        const auto one = kernel::identify_process(pid);
        ASSERT_EQ(failure(one), "");
        EXPECT_EQ(*kernel::descriptor_limit(*one), earlier);
    }
}

TEST_F(FdLimit, HealPutsBackWhatAKilledRunLeft) {
    run(sleep_for_ever);
    const Scratch dead;
    {
        auto left = Journal::create(dead.directory(), "dead");
        ASSERT_EQ(failure(left), "");
        ASSERT_EQ(failure(left->open("descriptor-limit", {{"pid", std::to_string(process.pid)},
                                                          {"start_time", std::to_string(process.start_time)},
                                                          {"soft", std::to_string(earlier - 1)}})),
                  "");
    }
    ASSERT_EQ(failure(kernel::set_descriptor_limit(process, 50)), "");
    const auto outcomes = heal_dead_runs(dead.directory());
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(failure(outcomes[0].status), "");
    EXPECT_EQ(limit(), earlier - 1);
}

TEST_F(FdLimit, WhatCannotBeIsSaid) {
    EXPECT_NE(failure(inject("fd-limit", {{"limit", "10"}})), "") << "no process of the target";
    run(sleep_for_ever);
    EXPECT_NE(failure(inject("fd-limit", {})), "");
    EXPECT_NE(failure(inject("fd-limit", {{"limit", "10"}, {"headroom", "3"}})), "");
    EXPECT_NE(failure(inject("fd-limit", {{"limit", "100000000"}})), "") << "not below what it has";
    EXPECT_EQ(limit(), earlier);
}

}  // namespace
}  // namespace squall::test
