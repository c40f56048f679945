// A target that has to share its CPUs.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/kernel/busy_processes.hpp"
#include "target_rig.hpp"

namespace squall::test {
namespace {

class CpuContention : public TargetTest {
protected:
    static cpu_set_t one_cpu() {
        cpu_set_t allowed, one;
        CPU_ZERO(&allowed);
        CPU_ZERO(&one);
        sched_getaffinity(0, sizeof allowed, &allowed);
        for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (!CPU_ISSET(cpu, &allowed)) continue;
            CPU_SET(cpu, &one);
            break;
        }
        return one;
    }
    pid_t start_on_one_cpu(void (*work)()) {
        const pid_t pid = start(work);
        const cpu_set_t one = one_cpu();
        EXPECT_EQ(sched_setaffinity(pid, sizeof one, &one), 0);
        return pid;
    }
    static double measure(const Witness& witness, const std::string& name) {
        for (const auto& measure : witness.measures) {
            if (measure.name == name) return measure.value;
        }
        return -1;
    }
    bool neighbours_left() const {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(
                 "/sys/fs/cgroup", std::filesystem::directory_options::skip_permission_denied)) {
            if (entry.path().filename() == "squall-" + run_id + "-neighbours") return true;
        }
        return false;
    }
};

TEST_F(CpuContention, ATargetThatWantsTheCpuWaits) {
    start_on_one_cpu(burn);
    auto injection = inject("cpu-contention", {{"weight", "400"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = wait_for_bite(**injection);
    EXPECT_EQ(measure(witness, "neighbours"), 1) << "as many as the target has CPUs";
    EXPECT_TRUE(neighbours_left());
    EXPECT_EQ(failure((*injection)->heal()), "");
    EXPECT_FALSE(neighbours_left());
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "none is left to be waited for, but the target";
    EXPECT_EQ(failure((*injection)->heal()), "") << "idempotent";
}

TEST_F(CpuContention, ATargetThatWantsNothingDoesNotWait) {
    start_on_one_cpu(sleep_for_ever);
    auto injection = inject("cpu-contention", {{"workers", "2"}, {"share", "50%"}});
    ASSERT_EQ(failure(injection), "");
    const Witness witness = witness_after(**injection, std::chrono::milliseconds(500));
    EXPECT_FALSE(witness.bit) << witness.evidence;
    EXPECT_EQ(measure(witness, "neighbours"), 2);
    injection->reset();
    EXPECT_FALSE(neighbours_left()) << "the destructor heals";
}

TEST_F(CpuContention, NeighboursDieWithWhoeverStartedThem) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t run = fork();
    if (run == 0) {
        close(ends[0]);
        const auto busy = kernel::BusyProcesses::start(*cgroup, 2, 0.1, one_cpu());
        const char begun = busy ? '+' : '-';
        if (write(ends[1], &begun, 1) == 1) sleep_for_ever();
        _exit(1);
    }
    close(ends[1]);
    char begun = 0;
    ASSERT_EQ(read(ends[0], &begun, 1), 1);
    close(ends[0]);
    EXPECT_EQ(begun, '+');
    EXPECT_EQ(cgroup->processes().size(), 2U);
    kill(run, SIGKILL);
    ASSERT_EQ(waitpid(run, nullptr, 0), run);
    EXPECT_TRUE(eventually([&] { return cgroup->processes().empty(); }));
}

TEST_F(CpuContention, WithoutAControlGroupOrATargetItIsAnError) {
    EXPECT_NE(failure(inject("cpu-contention", {})), "");
    EXPECT_FALSE(neighbours_left());
    EXPECT_NE(failure(inject("cpu-contention", {{"workers", "65"}})), "");
    rig_->target_cgroup = nullptr;
    EXPECT_NE(failure(inject("cpu-contention", {})), "");
}

}  // namespace
}  // namespace squall::test
