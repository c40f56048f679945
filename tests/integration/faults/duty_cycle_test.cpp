// A CPU cap without a control group: the target's processes are stopped for part of each period.
#include "faults/kernel/process.hpp"
#include "target_rig.hpp"

namespace squall::test {
namespace {

// Caps are low, so that a target meets them on a crowded host as well.
class DutyCycle : public TargetTest {
protected:
    void SetUp() override {
        TargetTest::SetUp();
        if (!IsSkipped()) rig_->target_cgroup = nullptr;
    }
    Result<std::unique_ptr<Injection>> approximate(const std::map<std::string, std::string, std::less<>>& options) {
        return inject_fallback("cpu-cap", options);
    }
};

TEST_F(DutyCycle, StopsTheWholeTreeForPartOfEachPeriodUntilHealing) {
    start_without_group("sh -c 'while :; do :; done' & while :; do :; done");
    ASSERT_TRUE(eventually([&] { return kernel::processes_of_run(run_id).size() >= 2; }));
    auto injection = approximate({{"cores", "0.2"}, {"period", "400ms"}});
    ASSERT_EQ(failure(injection), "");
    for (const char state : {'T', 'R', 'T', 'R'}) {
        EXPECT_TRUE(eventually([&] {
            const auto found = kernel::processes_of_run(run_id);
            return found.size() >= 2 && std::all_of(found.begin(), found.end(), [&](const auto& process) {
                       return state_of(process.pid) == state;
                   });
        })) << state;
    }
    const Witness witness = wait_for_bite(**injection);
    EXPECT_NE(witness.evidence.find("an approximation"), std::string::npos) << witness.evidence;

    EXPECT_EQ(failure((*injection)->heal()), "");
    for (const auto& process : kernel::processes_of_run(run_id))
        EXPECT_TRUE(eventually([&] { return state_of(process.pid) == 'R'; }));
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(DutyCycle, TakesInWhatTheTargetStartsLater) {
    start_without_group("sleep 0.3; sh -c 'while :; do :; done' & wait");
    auto injection = approximate({{"cores", "0.1"}, {"period", "400ms"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_TRUE(wait_for_bite(**injection).bit);
}

TEST_F(DutyCycle, ATargetThatWantsLessIsNotStopped) {
    start_without_group("sleep 60");
    auto injection = approximate({{"cores", "0.5"}});
    ASSERT_EQ(failure(injection), "");
    EXPECT_FALSE(witness_after(**injection, std::chrono::milliseconds(300)).bit);
}

TEST_F(DutyCycle, WithoutATargetOfSquallsOrWithABurstItIsAnError) {
    EXPECT_NE(failure(approximate({{"cores", "0.5"}})), "");
    start_without_group("sleep 60");
    EXPECT_NE(failure(approximate({{"cores", "0.5"}, {"burst", "10ms"}})).find("burst"), std::string::npos);
}

}  // namespace
}  // namespace squall::test
