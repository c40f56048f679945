#include "faults/core/journal.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace squall {
namespace {

namespace fs = std::filesystem;

// What the test's own healer was asked to undo, and which objects it refuses.
std::vector<std::string> undone;
std::string refused;

Status heal_for_test(const UndoRecord& record) {
    const std::string& object = record.arguments.at("object");
    if (object == refused) return Error{"refused"};
    undone.push_back(object);
    return {};
}
const RegisterHealer registered{"test", heal_for_test};

class JournalTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "squall-journal-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        directory = name;
        undone.clear();
        refused.clear();
    }
    void TearDown() override { fs::remove_all(directory); }

    fs::path file(const char* run = "r1") const { return directory / (std::string(run) + ".journal"); }

    void write(const std::string& text, const char* run = "r1") const { std::ofstream(file(run)) << text; }

    std::string content(const fs::path& path) const {
        std::ifstream stream(path);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    static std::string open_line(int id, const std::string& object) {
        return "{\"open\":" + std::to_string(id) + R"(,"kind":"test","arguments":{"object":")" + object + "\"}}\n";
    }

    fs::path directory;
};

TEST_F(JournalTest, FileGoesWhenEveryRecordIsClosed) {
    {
        auto journal = Journal::create(directory, "r1");
        ASSERT_TRUE(journal) << journal.error().message;
        const auto id = journal->open("test", {{"object", "a"}});
        ASSERT_TRUE(id);
        EXPECT_NE(content(file()).find("\"a\""), std::string::npos);
        EXPECT_TRUE(journal->close(*id));
        EXPECT_FALSE(journal->close(*id)) << "a record closes once";
    }
    EXPECT_FALSE(fs::exists(file()));
    EXPECT_TRUE(fs::is_empty(directory));
}

TEST_F(JournalTest, OpenRecordsAreHealedNewestFirst) {
    {
        auto journal = Journal::create(directory, "r1");
        ASSERT_TRUE(journal);
        ASSERT_TRUE(journal->open("test", {{"object", "first"}}));
        const auto second = journal->open("test", {{"object", "second"}});
        ASSERT_TRUE(journal->open("test", {{"object", "third \"quoted\"\n"}}));
        ASSERT_TRUE(journal->close(*second));
    }
    ASSERT_TRUE(fs::exists(file()));
    const auto outcomes = heal_dead_runs(directory);
    EXPECT_EQ(undone, (std::vector<std::string>{"third \"quoted\"\n", "first"}));
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].run_id, "r1");
    EXPECT_TRUE(outcomes[0].status);
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(JournalTest, ALivingRunIsNotTouched) {
    auto journal = Journal::create(directory, "r1");
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->open("test", {{"object", "a"}}));
    EXPECT_TRUE(heal_dead_runs(directory).empty());
    EXPECT_TRUE(undone.empty());
    EXPECT_TRUE(fs::exists(file()));
    EXPECT_FALSE(Journal::create(directory, "r1")) << "a run id is used once";
}

/// What a run is killed with between the making of its journal and the lock.
TEST_F(JournalTest, AnEmptyJournalOfADeadRunGoesWithoutAWord) {
    write("");
    EXPECT_TRUE(heal_dead_runs(directory).empty());
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(JournalTest, NothingButJournalsIsEverInTheDirectory) {
    const auto journal = Journal::create(directory, "r1");
    ASSERT_TRUE(journal);
    for (const auto& entry : fs::directory_iterator(directory))
        EXPECT_EQ(entry.path(), file());
}

/// RLIMIT_FSIZE stands in for a full disk: the write is cut short, and then refused.
TEST_F(JournalTest, ADiskThatIsFullStopsTheRunFromChangingMoreAndLeavesWholeLines) {
    auto journal = Journal::create(directory, "r1");
    ASSERT_TRUE(journal);
    const auto first = journal->open("test", {{"object", "a"}});
    ASSERT_TRUE(first);
    const std::string before = content(file());
    rlimit unlimited{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    const rlimit almost_full{before.size() + 10, unlimited.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &almost_full), 0);
    const auto second = journal->open("test", {{"object", "b"}});
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find(file().string()), std::string::npos) << second.error().message;
    EXPECT_EQ(content(file()), before);

    const auto third = journal->open("test", {{"object", "c"}});
    ASSERT_FALSE(third) << "there is room again, but what else was lost with the second?";
    EXPECT_NE(third.error().message.find(strerror(EFBIG)), std::string::npos) << third.error().message;
    EXPECT_TRUE(journal->close(*first));
}

TEST_F(JournalTest, AForkedChildDoesNotEndTheRun) {
    auto journal = Journal::create(directory, "r1");
    ASSERT_TRUE(journal);
    const pid_t child = fork();
    if (child == 0) {
        { const Journal inherited = std::move(*journal); }
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(fs::exists(file()));
}

TEST_F(JournalTest, ATornLastLineIsTolerated) {
    write(open_line(1, "whole") + R"({"open":2,"kind":"te)");
    const auto outcomes = heal_dead_runs(directory);
    EXPECT_EQ(undone, std::vector<std::string>{"whole"});
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0].status);
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(JournalTest, ADamagedLineIsReportedKeptAndTheRestIsHealed) {
    write(open_line(1, "before") + "garbage\n" + R"({"open":"x"})" + "\n" + open_line(2, "after"));
    const auto outcomes = heal_dead_runs(directory);
    EXPECT_EQ(undone, (std::vector<std::string>{"after", "before"}));
    ASSERT_EQ(outcomes.size(), 4U);
    EXPECT_FALSE(outcomes[0].status);
    EXPECT_FALSE(outcomes[1].status);
    EXPECT_TRUE(fs::exists(file().string() + ".damaged"));
    EXPECT_TRUE(heal_dead_runs(directory).empty()) << "reported once";
}

TEST_F(JournalTest, WhatCannotBeUndoneStaysAndIsTriedAgain) {
    write(open_line(1, "easy") + open_line(2, "hard") + R"({"open":3,"kind":"of-another-age","arguments":{}})" + "\n");
    refused = "hard";
    auto outcomes = heal_dead_runs(directory);
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(undone, std::vector<std::string>{"easy"});
    EXPECT_TRUE(fs::exists(file()));

    refused.clear();
    outcomes = heal_dead_runs(directory);
    ASSERT_EQ(outcomes.size(), 2U) << "the easy one is closed";
    EXPECT_EQ(undone, (std::vector<std::string>{"easy", "hard"}));
    EXPECT_TRUE(fs::exists(file())) << "the unknown kind is still open";
}

TEST_F(JournalTest, AMissingDirectoryHasNothingToHeal) {
    EXPECT_TRUE(heal_dead_runs(directory / "missing").empty());
}

TEST_F(JournalTest, RunIdsThatCouldLeaveTheDirectoryAreRefused) {
    for (const char* id : {"", "../x", "a/b", "A", "a.b"})
        EXPECT_FALSE(Journal::create(directory, id)) << id;
}

TEST_F(JournalTest, TheStateDirectoryFollowsTheEnvironment) {
    setenv("SQUALL_STATE_DIR", "/somewhere", 1);
    EXPECT_EQ(default_state_directory(), "/somewhere");
    unsetenv("SQUALL_STATE_DIR");
    EXPECT_FALSE(default_state_directory().empty());
}

TEST_F(JournalTest, ASymlinkIsNoStateDirectory) {
    fs::create_directory(directory / "real");
    fs::create_symlink(directory / "real", directory / "link");
    EXPECT_FALSE(Journal::create(directory / "link", "r1"));
    EXPECT_TRUE(Journal::create(directory / "new" / "inner", "r1"));
}

}  // namespace
}  // namespace squall
