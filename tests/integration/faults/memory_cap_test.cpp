// A target that wants more memory than it gets.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "target_rig.hpp"

namespace squall::test {
namespace {

constexpr std::size_t mebibyte = 1 << 20;

/// 64 MiB in 0.6 s, and then no more.
[[noreturn]] void grow() {
    for (int i = 0; i < 64; ++i) {
        void* const memory = mmap(nullptr, mebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) _exit(2);
        std::memset(memory, 1, mebibyte);
        usleep(10'000);
    }
    sleep_for_ever();
}

class MemoryCap : public TargetTest {
protected:
    void SetUp() override {
        TargetTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        const auto limit = cgroup->memory_limit(kernel::MemoryBound::max);
        if (!limit) GTEST_SKIP() << limit.error().message;
        unlimited = limit->value;
    }
    std::string limit() const {
        const auto read = cgroup->memory_limit(kernel::MemoryBound::max);
        EXPECT_EQ(failure(read), "");
        return read ? read->value : "";
    }
    bool has_high() const { return cgroup->memory_limit(kernel::MemoryBound::high).has_value(); }

    std::string unlimited;
};

TEST_F(MemoryCap, AGrowingTargetReachesItAndIsKilled) {
    const pid_t pid = start(grow);
    auto injection = inject("memory-cap", {{"headroom", "8MiB"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_NE(limit(), unlimited);
    EXPECT_TRUE(eventually([&] { return state_of(pid) == 'Z'; }));
    const Witness witness = wait_for_bite(**injection);
    EXPECT_NE(witness.evidence.find("OOM"), std::string::npos) << witness.evidence;
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(limit(), unlimited);
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(MemoryCap, ATargetThatWantsNoMoreIsNotBitten) {
    start(sleep_for_ever);
    auto injection = inject("memory-cap", {{"headroom", "32MiB"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(300));
    EXPECT_FALSE(witness.bit) << witness.evidence;
    injection->reset();
    EXPECT_EQ(limit(), unlimited) << "the destructor heals";
}

TEST_F(MemoryCap, ACanaryProvesTheLimitOfATargetThatKeepsBelowIt) {
    const pid_t pid = start(sleep_for_ever);
    auto injection = inject("memory-cap", {{"headroom", "8MiB"}, {"canary", "true"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "canary_kills"), 1) << witness.evidence;
    EXPECT_EQ(measure(witness, "oom_kills"), 0) << "those are the target's";
    EXPECT_EQ(state_of(pid), 'S');
    EXPECT_EQ(cgroup->processes(), std::vector<pid_t>{pid}) << "nothing is left of it";
}

TEST_F(MemoryCap, AnAbsoluteLimitIsReadBack) {
    start(sleep_for_ever);
    auto injection = inject("memory-cap", {{"limit", "64MiB"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(limit(), std::to_string(64 * mebibyte));
}

TEST_F(MemoryCap, HighThrottlesOrIsRefused) {
    start(grow);
    auto injection = inject("memory-cap", {{"headroom", "8MiB"}, {"kind", "high"}});
    if (has_high()) {
        ASSERT_EQ(failure(injection), "");
        wait_for_bite(**injection);
    } else {
        EXPECT_NE(failure(injection).find("memory.high"), std::string::npos) << failure(injection);
    }
}

TEST_F(MemoryCap, WhatCannotBeIsSaid) {
    EXPECT_NE(failure(inject("memory-cap", {})), "");
    EXPECT_NE(failure(inject("memory-cap", {{"limit", "64MiB"}, {"headroom", "8MiB"}})), "");
    EXPECT_NE(failure(inject("memory-cap", {{"limit", "64MiB"}, {"kind", "high"}, {"canary", "true"}})), "");
    rig_->target_cgroup = nullptr;
    EXPECT_NE(failure(inject("memory-cap", {{"limit", "64MiB"}})), "");
}

TEST_F(MemoryCap, OnV1ALimitBelowWhatCannotBeGivenBackIsRefused) {
    if (has_high()) GTEST_SKIP() << "v2 kills instead";
    const pid_t pid = start(grow);
    ASSERT_TRUE(eventually([&] { return *cgroup->memory_charged() > 16 * mebibyte; }));
    EXPECT_NE(failure(inject("memory-cap", {{"limit", "1MiB"}})), "");
    EXPECT_EQ(limit(), unlimited);
    EXPECT_NE(state_of(pid), 'Z');
}

}  // namespace
}  // namespace squall::test
