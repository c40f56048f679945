#include "faults/core/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "faults/core/replacement.hpp"

namespace squall {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "squall-files-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        directory = pattern;
        file = directory / "report.json";
    }
    void TearDown() override { fs::remove_all(directory); }
    std::size_t entries() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
    }

    fs::path directory;
    fs::path file;
};

TEST_F(Files, ADirectoryIsNotReadAsAnEmptyFile) {
    const auto text = read_file(directory);
    ASSERT_FALSE(text.has_value());
    EXPECT_EQ(text.error().system_error, EISDIR);
}

TEST_F(Files, AFileIsReplacedAndKeepsItsPermissions) {
    ASSERT_TRUE(write_file(file, "old").has_value());
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_write);
    ASSERT_TRUE(write_file(file, "new").has_value());
    EXPECT_EQ(*read_file(file), "new");
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_write);
    EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, WhatALinkPointsAtIsWritten) {
    fs::create_directory(directory / "kept");
    fs::create_symlink("kept/latest.json", directory / "second");
    fs::create_symlink(directory / "second", file);
    for (const char* text : {"where nothing was", "where something was"}) {
        ASSERT_TRUE(write_file(file, text).has_value());
        EXPECT_EQ(*read_file(directory / "kept/latest.json"), text);
    }
    EXPECT_TRUE(fs::is_symlink(file));
    EXPECT_TRUE(fs::is_symlink(directory / "second"));
}

TEST_F(Files, ACircleOfLinksIsAnErrorAndStays) {
    fs::create_symlink("report.json", directory / "other");
    fs::create_symlink("other", file);
    const Status written = write_file(file, "text");
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().system_error, ELOOP);
    EXPECT_TRUE(fs::is_symlink(file));
}

TEST_F(Files, ADescriptorIsWrittenToAndItsFileIsNotExchanged) {
    const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(write(descriptor, "printed, ", 9), 9);
    const fs::path link = directory / "stdout";
    fs::create_symlink("/proc/self/fd/" + std::to_string(descriptor), link);
    ASSERT_TRUE(write_file(link, "then the report").has_value());
    close(descriptor);
    EXPECT_EQ(*read_file(file), "printed, then the report");
    EXPECT_TRUE(fs::is_symlink(link));
}

TEST_F(Files, TwoWritersAtOnceDoNotMeet) {
    Replacement first(file), second(file);
    first.write("first");
    second.write("second");
    ASSERT_TRUE(second.place().has_value());
    EXPECT_EQ(*read_file(file), "second");
    ASSERT_TRUE(first.place().has_value());
    EXPECT_EQ(*read_file(file), "first");
    EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, WhatIsNotPlacedLeavesNothing) {
    { Replacement(file).write("half"); }
    EXPECT_EQ(entries(), 0U);
    EXPECT_FALSE(write_file(directory / "missing" / "report.json", "text").has_value());
}

}  // namespace
}  // namespace squall
