// A run that is killed in the middle, and what heal makes of it.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "faults/kernel/process.hpp"
#include "rig.hpp"

namespace squall::test {
namespace {

namespace fs = std::filesystem;

/// Every control group on this host that bears `name`.
std::vector<fs::path> groups_named(const std::string& name) {
    std::vector<fs::path> found;
    std::error_code vanished;
    for (fs::recursive_directory_iterator
             entry("/sys/fs/cgroup", fs::directory_options::skip_permission_denied, vanished),
         end;
         !vanished && entry != end; entry.increment(vanished)) {
        if (entry->path().filename() == name) found.push_back(entry->path());
    }
    return found;
}

[[noreturn]] void sleep_for_ever() {
    while (true)
        pause();
}

void write_line(int descriptor, const std::string& text) {
    if (write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(3);
}

/// The run: journal, group, a process in it, a process beside it, a CPU cap; tells the pids and waits to be killed.
[[noreturn]] void play_run(const fs::path& state, const std::string& run_id, int tell) {
    auto journal = Journal::create(state, run_id);
    if (!journal) _exit(4);
    auto cgroup = kernel::Cgroup::create(*journal, run_id);
    if (!cgroup) _exit(5);
    pid_t inside = fork();
    if (inside == 0) {
        setsid();
        for (int i = 3; i < 64; ++i)
            close(i);  // exec would: the journal's lock must not outlive the run
        sleep_for_ever();
    }
    if (!(*cgroup)->add(inside)) _exit(6);
    const pid_t beside = fork();
    if (beside == 0) {
        for (int i = 3; i < 64; ++i)
            close(i);
        sleep_for_ever();
    }
    const auto id = kernel::identify_process(beside);
    if (!id || !journal->open("process-kill",
                              {{"pid", std::to_string(id->pid)}, {"start_time", std::to_string(id->start_time)}})) {
        _exit(7);
    }
    for (const auto& write : (*cgroup)->writes_for({})) {
        if (!journal->open("cgroup-write", {{"path", write.path.string()}, {"value", write.value}})) _exit(8);
    }
    if (!(*cgroup)->set_cpu_limit({.quota = 20'000'000})) _exit(9);
    write_line(tell, std::to_string(inside) + " " + std::to_string(beside) + "\n");
    sleep_for_ever();
}

bool alive(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto name_end = text.rfind(')');
    return name_end != std::string::npos && text.size() > name_end + 2 && text[name_end + 2] != 'Z';
}

TEST(Heal, AKilledRunIsPutBack) {
    const Scratch scratch;
    const std::string run_id = scratch.unique_run_id("killed");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t run = fork();
    ASSERT_GE(run, 0);
    if (run == 0) play_run(scratch.directory(), run_id, ends[1]);
    close(ends[1]);
    FILE* told = fdopen(ends[0], "r");
    pid_t inside = 0, beside = 0;
    const int read = std::fscanf(told, "%d %d", &inside, &beside);
    std::fclose(told);
    if (read != 2) {
        int status = 0;
        waitpid(run, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 5) GTEST_SKIP() << "no control group that may be written to";
        FAIL() << "the run ended with " << status;
    }
    EXPECT_TRUE(heal_dead_runs(scratch.directory()).empty()) << "it lives: hands off";
    EXPECT_FALSE(groups_named("squall-" + run_id).empty());

    ASSERT_EQ(kill(run, SIGKILL), 0);
    ASSERT_EQ(waitpid(run, nullptr, 0), run);
    EXPECT_TRUE(alive(inside) && alive(beside)) << "what the run left behind";

    std::vector<HealOutcome> outcomes;
    ASSERT_TRUE(eventually([&] {
        outcomes = heal_dead_runs(scratch.directory());
        return !outcomes.empty();
    })) << "whoever has not closed what it inherited holds the run's lock as well";
    EXPECT_GE(outcomes.size(), 4U);
    for (const auto& outcome : outcomes)
        EXPECT_EQ(failure(outcome.status), "") << outcome.record.kind;
    EXPECT_TRUE(groups_named("squall-" + run_id).empty());
    EXPECT_TRUE(eventually([&] { return !alive(inside) && !alive(beside); }));
    EXPECT_TRUE(fs::is_empty(scratch.directory()));
    EXPECT_TRUE(heal_dead_runs(scratch.directory()).empty());
}

Status heal_one(const Scratch& scratch, const std::string& kind, const std::map<std::string, std::string>& arguments) {
    {  // A journal that is left with an open record is a dead run's as soon as its object is gone.
        auto journal = Journal::create(scratch.directory(), scratch.unique_run_id("one"));
        if (!journal) return journal.error();
        if (auto opened = journal->open(kind, arguments); !opened) return opened.error();
    }
    const auto outcomes = heal_dead_runs(scratch.directory());
    if (outcomes.size() != 1) return Error{"expected one outcome"};
    return outcomes[0].status;
}

TEST(Heal, APidThatBelongsToSomebodyElseNowIsLeftAlone) {
    const Scratch scratch;
    const pid_t other = fork();
    if (other == 0) sleep_for_ever();
    const auto id = kernel::identify_process(other);
    ASSERT_EQ(failure(id), "");
    EXPECT_EQ(failure(heal_one(scratch, "process-kill",
                               {{"pid", std::to_string(other)}, {"start_time", std::to_string(id->start_time + 1)}})),
              "");
    EXPECT_TRUE(alive(other));
    EXPECT_EQ(failure(kernel::kill_process(*id)), "");
    EXPECT_FALSE(alive(other));
    EXPECT_EQ(failure(kernel::kill_process(*id)), "") << "gone already is success";
    waitpid(other, nullptr, 0);
    EXPECT_EQ(failure(kernel::kill_process(*id)), "");
    EXPECT_NE(failure(kernel::identify_process(other)), "");
}

TEST(Heal, AProcessThatEndsWhileItIsBeingReadIsGone) {
    const auto before = signal(SIGCHLD, SIG_IGN);  // so that it is gone at once, without a zombie
    for (int i = 0; i < 300; ++i) {
        const pid_t brief = fork();
        if (brief == 0) _exit(0);
        while (kernel::identify_process(brief))
            ;
    }
    signal(SIGCHLD, before);
}

TEST(Heal, WhatIsGoneAlreadyIsSuccess) {
    const Scratch scratch;
    EXPECT_EQ(failure(heal_one(scratch, "cgroup-remove", {{"path", "/sys/fs/cgroup/cpu/squall-never-was"}})), "");
    EXPECT_EQ(failure(heal_one(scratch, "cgroup-write",
                               {{"path", "/sys/fs/cgroup/cpu/squall-never-was/cpu.cfs_quota_us"}, {"value", "-1"}})),
              "");
}

TEST(Heal, WhatDoesNotBearSquallsNameIsLeftAlone) {
    const auto try_one = [](const char* kind, const std::map<std::string, std::string>& arguments) {
        const Scratch scratch;
        return failure(heal_one(scratch, kind, arguments));
    };
    EXPECT_NE(try_one("cgroup-remove", {{"path", "/sys/fs/cgroup/cpu"}}), "");
    EXPECT_NE(try_one("cgroup-write", {{"path", "/sys/fs/cgroup/cpu/cpu.shares"}, {"value", "1024"}}), "");
    EXPECT_NE(try_one("process-kill", {{"pid", "1"}, {"start_time", "0"}}), "");
    EXPECT_NE(try_one("process-kill", {{"pid", "many"}, {"start_time", "0"}}), "");
    EXPECT_NE(try_one("process-kill", {{"pid", "4"}}), "");
}

}  // namespace
}  // namespace squall::test
