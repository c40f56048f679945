// The CPU cap on a process that burns.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "rig.hpp"

namespace squall::test {
namespace {

class CpuCap : public testing::Test {
protected:
    void SetUp() override {
        auto opened = Journal::create(scratch.directory(), run_id);
        ASSERT_EQ(failure(opened), "");
        journal.emplace(std::move(*opened));
        auto made = kernel::Cgroup::create(*journal, run_id);
        if (!made) GTEST_SKIP() << made.error().message;
        cgroup = std::move(*made);
    }
    void TearDown() override {
        if (burner > 0) {
            kill(burner, SIGKILL);
            waitpid(burner, nullptr, 0);
        }
        if (cgroup) {
            EXPECT_EQ(failure(cgroup->remove()), "");
        }
        journal.reset();
        EXPECT_TRUE(std::filesystem::is_empty(scratch.directory())) << "every undo record was closed";
    }

    void burn() {
        burner = fork();
        if (burner == 0) {
            for (volatile unsigned i = 0;;) {
                const unsigned next = i + 1;
                i = next;
            }
        }
        ASSERT_GT(burner, 0);
        ASSERT_EQ(failure(cgroup->add(burner)), "");
    }

    Result<std::unique_ptr<Injection>> inject(const std::map<std::string, std::string, std::less<>>& written) {
        rig.emplace(Rig{.journal = *journal, .clients = *none, .run_id = run_id, .target_cgroup = cgroup.get()});
        const Fault& fault = *find_fault("cpu-cap");
        const auto options = parse_options(fault.options, written);
        if (!options) return options.error();
        return fault.inject(*rig, {}, *options);
    }

    static Witness witness(Injection& injection) {
        auto read = injection.witness();
        EXPECT_EQ(failure(read), "");
        return read ? *read : Witness{};
    }

    kernel::CpuStat stat() const {
        const auto read = cgroup->cpu_stat();
        EXPECT_EQ(failure(read), "");
        return read ? *read : kernel::CpuStat{};
    }

    struct NoClients final : Clients {
        std::vector<ClientConnection> connections(std::string_view) override { return {}; }
        Result<std::size_t> set_reading(const std::vector<ConnectionId>&, const Reading&, std::uint32_t) override {
            return std::size_t{0};
        }
        std::vector<std::pair<ConnectionId, std::uint32_t>> unread(const std::vector<ConnectionId>&) override {
            return {};
        }
        Result<std::size_t> hang_up(const std::vector<ConnectionId>&, Hangup) override { return std::size_t{0}; }
        Result<std::size_t> withhold_pongs(const std::vector<ConnectionId>&, bool) override { return std::size_t{0}; }
        Result<std::vector<ConnectionId>> reconnect(const std::vector<ConnectionId>&, Hangup) override {
            return std::vector<ConnectionId>{};
        }
        Result<std::size_t> send_raw(const std::vector<ConnectionId>&, std::string_view) override {
            return std::size_t{0};
        }
        Opening opening(std::string_view) override { return {}; }
        void book_extra(const std::string&, bool, const std::vector<Endpoint>&) override {}
        std::vector<Outcome> outcomes(const std::vector<ConnectionId>&) override { return {}; }
        void mark_lost(const std::vector<ConnectionId>&) override {}
    };

    Scratch scratch;
    std::string run_id = scratch.unique_run_id("cpu");
    std::optional<Journal> journal;
    std::unique_ptr<kernel::Cgroup> cgroup;
    std::unique_ptr<NoClients> none = std::make_unique<NoClients>();
    std::optional<Rig> rig;
    pid_t burner = -1;
};

TEST_F(CpuCap, ABurningTargetIsThrottledAndThenLeftAlone) {
    burn();
    auto injection = inject({{"cores", "0.25"}});
    ASSERT_EQ(failure(injection), "");
    const auto limit = cgroup->cpu_limit();
    ASSERT_EQ(failure(limit), "");
    EXPECT_EQ(limit->quota, 25'000'000);
    EXPECT_EQ(limit->period, 100'000'000);
    EXPECT_TRUE(eventually([&] { return witness(**injection).bit; }));

    ASSERT_EQ(failure((*injection)->heal()), "");
    EXPECT_EQ(cgroup->cpu_limit()->quota, -1);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const auto before = stat();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_EQ(stat().throttled_periods, before.throttled_periods);
    EXPECT_GT(stat().usage, before.usage);
}

TEST_F(CpuCap, AnIdleTargetIsNotBitten) {
    auto injection = inject({{"cores", "0.5"}});
    ASSERT_EQ(failure(injection), "");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_FALSE(witness(**injection).bit);
}

TEST_F(CpuCap, TheEarlierLimitComesBackWhateverItWas) {
    ASSERT_EQ(failure(cgroup->set_cpu_limit({.quota = 80'000'000, .period = 200'000'000, .burst = 10'000'000})), "");
    auto injection = inject({{"cores", "0.1"}, {"period", "20ms"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_EQ(cgroup->cpu_limit()->quota, 2'000'000);
    EXPECT_EQ(cgroup->cpu_limit()->burst, 0);
    injection->reset();
    const auto limit = cgroup->cpu_limit();
    EXPECT_EQ(limit->quota, 80'000'000);
    EXPECT_EQ(limit->period, 200'000'000);
    EXPECT_EQ(limit->burst, 10'000'000);
}

TEST_F(CpuCap, StepsAndRampsFollowTheCurve) {
    auto steps = inject({{"cores", "1.0, 0.5 at 2s"}, {"burst", "10ms"}});
    ASSERT_EQ(failure(steps), "");
    EXPECT_EQ(cgroup->cpu_limit()->quota, 100'000'000);
    EXPECT_EQ(cgroup->cpu_limit()->burst, 10'000'000);
    ASSERT_EQ(failure((*steps)->advance(from_seconds(2))), "");
    EXPECT_EQ(cgroup->cpu_limit()->quota, 50'000'000);
    ASSERT_EQ(failure((*steps)->heal()), "");

    auto ramp = inject({{"cores", "1.0 -> 0.2 over 4s"}});
    ASSERT_EQ(failure(ramp), "");
    ASSERT_EQ(failure((*ramp)->advance(from_seconds(2))), "");
    EXPECT_EQ(cgroup->cpu_limit()->quota, 60'000'000);
    ASSERT_EQ(failure((*ramp)->advance(from_seconds(9))), "");
    EXPECT_EQ(cgroup->cpu_limit()->quota, 20'000'000);
}

TEST_F(CpuCap, WhatTheKernelWouldRefuseIsSaidBefore) {
    EXPECT_NE(failure(inject({{"cores", "0.01"}, {"period", "10ms"}})), "") << "a quota below 1ms";
    EXPECT_NE(failure(inject({{"cores", "0.5"}, {"burst", "60ms"}})), "") << "a burst above the quota";
    EXPECT_NE(failure(inject({})), "") << "cores are required";
}

TEST_F(CpuCap, WithoutAControlGroupItIsAnError) {
    auto own = std::move(cgroup);
    EXPECT_NE(failure(inject({{"cores", "0.5"}})), "");
    cgroup = std::move(own);
}

TEST_F(CpuCap, AccountingSeesTheProcess) {
    burn();
    EXPECT_EQ(cgroup->processes(), std::vector<pid_t>{burner});
    EXPECT_TRUE(eventually([&] { return stat().usage > 0; }));
    if (cgroup->has_memory()) {
        EXPECT_EQ(failure(cgroup->memory_bytes()), "");
    }
    EXPECT_NE(cgroup->describe().find("cpu"), std::string::npos);
}

TEST_F(CpuCap, RemovalKillsWhatIsLeftInside) {
    burn();
    ASSERT_EQ(failure(cgroup->remove()), "");
    int status = 0;
    ASSERT_EQ(waitpid(burner, &status, 0), burner);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    burner = -1;
    EXPECT_EQ(failure(cgroup->remove()), "") << "idempotent";
}

}  // namespace
}  // namespace squall::test
