#include "target_rig.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "faults/kernel/process.hpp"

namespace squall::test {

void TargetTest::SetUp() {
    RigTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto made = kernel::Cgroup::create(*journal, run_id);
    if (!made) GTEST_SKIP() << made.error().message;
    cgroup = std::move(*made);
    rig_.emplace(rig());
    rig_->target_cgroup = cgroup.get();
}

void TargetTest::TearDown() {
    for (const pid_t pid : started_) {
        kill(-pid, SIGKILL);  // what it started is in its process group
        waitpid(pid, nullptr, 0);
    }
    if (cgroup) {
        EXPECT_EQ(failure(cgroup->remove()), "");
    }
    RigTest::TearDown();
    journal.reset();
    EXPECT_TRUE(std::filesystem::is_empty(scratch.directory())) << "every undo record was closed";
}

pid_t TargetTest::start(const std::function<void()>& work) {
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        while (cgroup->processes().empty())
            usleep(1000);
        work();
        _exit(1);
    }
    EXPECT_GT(pid, 0);
    setpgid(pid, pid);  // whichever of the two comes first
    started_.push_back(pid);
    EXPECT_EQ(failure(cgroup->add(pid)), "");
    return pid;
}

pid_t TargetTest::start_without_group(const char* script) {
    const std::string variable = kernel::run_variable(run_id);
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        const char* const environment[] = {variable.c_str(), nullptr};
        for (int i = 3; i < 64; ++i)
            close(i);
        execle("/bin/sh", "sh", "-c", script, nullptr, environment);
        _exit(1);
    }
    EXPECT_GT(pid, 0);
    setpgid(pid, pid);  // whichever of the two comes first
    started_.push_back(pid);
    EXPECT_TRUE(eventually([&] { return !kernel::processes_of_run(run_id).empty(); }));
    return pid;
}

void burn() {
    for (volatile unsigned i = 0;;) {
        const unsigned next = i + 1;
        i = next;
    }
}

void sleep_for_ever() {
    while (true)
        pause();
}

char state_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto name_end = text.rfind(')');
    return name_end != std::string::npos && text.size() > name_end + 2 ? text[name_end + 2] : '\0';
}

}  // namespace squall::test
