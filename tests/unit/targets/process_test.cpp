#include "suites/targets/process.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "faults/kernel/process.hpp"
#include "suites/metrics/process_tree.hpp"

namespace squall {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ProcessTest : public testing::Test {
protected:
    ProcessTest() : directory_(fs::temp_directory_path() / ("squall-process-test-" + std::to_string(getpid()))) {
        fs::create_directories(directory_);
        // An id of its own: what bears it is killed in the end, and tests run side by side.
        journal_.emplace(*Journal::create(directory_ / "state", "test-" + std::to_string(getpid())));
    }
    ~ProcessTest() override {
        journal_.reset();
        fs::remove_all(directory_);
    }
    ProcessPlan plan(std::vector<std::string> command) const {
        ProcessPlan result;
        result.command = std::move(command);
        result.output = directory_ / "output";
        return result;
    }
    std::string output() const {
        std::ifstream file(directory_ / "output");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static const ProcessEnd& wait(Process& process) {
        while (!process.ended())
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return *process.ended();
    }

    fs::path directory_;
    std::optional<Journal> journal_;
};

TEST_F(ProcessTest, OutputAndStatusAreKept) {
    auto process = Process::start(*journal_, plan({"sh", "-c", "echo out; echo err >&2; exit 3"}));
    ASSERT_TRUE(process) << process.error().message;
    EXPECT_EQ(wait(**process).how, "exited with status 3");
    EXPECT_THAT(output(), HasSubstr("out"));
    EXPECT_THAT(output(), HasSubstr("err"));
}

TEST_F(ProcessTest, AProgramThatIsNotThereIsNamed) {
    const auto process = Process::start(*journal_, plan({"/no/such/program"}));
    ASSERT_FALSE(process);
    EXPECT_THAT(process.error().message, HasSubstr("/no/such/program"));
    EXPECT_EQ(process.error().system_error, ENOEXEC);
}

TEST_F(ProcessTest, StopEndsWhatIgnoresItsSignalAfterTheGrace) {
    auto stubborn = plan({"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"});
    stubborn.stop_grace = 100'000'000;
    auto process = Process::start(*journal_, stubborn);
    ASSERT_TRUE(process) << process.error().message;
    while (output().empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_TRUE((*process)->stop());
    EXPECT_THAT((*process)->ended()->how, HasSubstr("signal 9"));
    EXPECT_TRUE((*process)->stop()) << "a second time is harmless";
}

TEST_F(ProcessTest, UsageCoversTheTree) {
    auto process = Process::start(*journal_, plan({"sh", "-c", "sleep 60 & sleep 60"}));
    ASSERT_TRUE(process) << process.error().message;
    while (process_tree((*process)->pid()).size() < 3)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto usage = process_usage(process_tree((*process)->pid()));
    ASSERT_TRUE(usage) << usage.error().message;
    EXPECT_EQ(usage->processes, 3U);
    EXPECT_GE(usage->threads, 3U);
    EXPECT_GT(usage->resident_bytes, 0U);
    EXPECT_LE(usage->proportional_bytes, usage->resident_bytes);
    EXPECT_GT(usage->own_bytes, 0U);
    EXPECT_LT(usage->own_bytes, usage->proportional_bytes) << "a program is a file, and mapped";
    const auto all = process_tree((*process)->pid());
    EXPECT_TRUE((*process)->stop());
    for (int i = 0; i < 5000 && process_usage(all); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_FALSE(process_usage(all)) << "stop() left children behind";
}

TEST_F(ProcessTest, WhatLeftItsGroupIsEndedAsWell) {
    auto process = Process::start(*journal_, plan({"sh", "-c", "setsid sleep 600 & echo $!; wait"}));
    ASSERT_TRUE(process) << process.error().message;
    while (output().find('\n') == std::string::npos)
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_TRUE((*process)->stop());
    const pid_t left = std::stoi(output());
    for (int i = 0; i < 500 && fs::exists("/proc/" + std::to_string(left)); ++i)  // init takes its time to reap it
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::ifstream status("/proc/" + std::to_string(left) + "/status");
    const std::string text{std::istreambuf_iterator<char>(status), {}};
    EXPECT_TRUE(text.empty() || text.find("State:\tZ") != std::string::npos) << text;
}

TEST_F(ProcessTest, WhatItLeftBehindGetsTheStopSignalAndTheRestOfTheGrace) {
    const std::string orphan = "trap 'echo told; exit' TERM; echo ready; while :; do sleep 0.01; done";
    auto process = Process::start(*journal_, plan({"sh", "-c", "setsid sh -c \"$0\" & wait", orphan}));
    ASSERT_TRUE(process) << process.error().message;
    while (output().empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_TRUE((*process)->stop());
    EXPECT_THAT(output(), HasSubstr("told"));
}

TEST_F(ProcessTest, WhatItLeftBehindIsKilledWhenTheGraceIsOver) {
    const std::string orphan = "trap '' TERM; echo ready; exec sleep 600";
    auto leaving = plan({"sh", "-c", "setsid sh -c \"$0\" & wait", orphan});
    leaving.stop_grace = 100'000'000;
    auto process = Process::start(*journal_, leaving);
    ASSERT_TRUE(process) << process.error().message;
    while (output().empty())
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_TRUE((*process)->stop());
    EXPECT_TRUE(kernel::processes_of_run(journal_->run_id()).empty());
}

/// In a process without privileges, since root reads every environment.
TEST_F(ProcessTest, AProcessThatMayBeItsAndCannotBeLookedAtIsReported) {
    const pid_t looking = fork();
    if (looking == 0) {
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(9);
        setpgid(0, 0);
        int ready[2];
        if (pipe(ready) != 0) _exit(8);
        const pid_t closed = fork();
        if (closed == 0) {
            prctl(PR_SET_DUMPABLE, 0);
            close(ready[1]);
            pause();
        }
        close(ready[1]);
        char none = 0;
        if (read(ready[0], &none, 1) != 0) _exit(7);
        const auto of_its_group = kernel::kill_processes_of_run("no-run", getpid());
        const auto of_another = kernel::kill_processes_of_run("no-run", closed);
        kill(closed, SIGKILL);
        waitpid(closed, nullptr, 0);
        _exit(of_its_group ? 1 : of_its_group.error().system_error != EACCES ? 2 : !of_another ? 3 : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(looking, &status, 0), looking);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace squall
