#include "suites/targets/version.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

namespace squall {
namespace {

using testing::HasSubstr;

class VersionTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "version-XXXXXX";
        place.directory = mkdtemp(name.data());
        profile.version.emplace();
        profile.launch.emplace();
    }
    void TearDown() override { std::filesystem::remove_all(place.directory); }

    Result<std::string> version() {
        return version_of(profile, place, [this](const std::string& path) -> Result<HttpAnswer> {
            asked = path;
            return answer;
        });
    }

    Profile profile;
    Place place;
    HttpAnswer answer;
    std::string asked;
};

TEST_F(VersionTest, TheFirstLineThatACommandPrintsOnEitherOutput) {
    profile.launch->environment = {{"WHAT", "server {port}"}};
    place.listen.port = 7;
    profile.version->command = {"sh", "-c", "echo; echo \"$WHAT\" 1.2 >&2; echo more"};
    const auto said = version();
    ASSERT_TRUE(said) << said.error().message;
    EXPECT_EQ(*said, "server 7 1.2");
    EXPECT_EQ(asked, "");
}

TEST_F(VersionTest, ACommandThatFailsSaysHow) {
    profile.version->command = {"sh", "-c", "echo not here; exit 3"};
    EXPECT_THAT(version().error().message, HasSubstr("not here"));
    profile.version->command = {"/nowhere/server", "-v"};
    EXPECT_THAT(version().error().message, HasSubstr("/nowhere/server -v: No such file or directory"));
}

TEST_F(VersionTest, AHeaderOrAMemberOfAnAnswer) {
    answer = {200, "{\"build\": {\"version\": \"3.4\", \"number\": 5}}", {{"server", "push/1.0"}}};
    profile.ready_path = "/ready";
    profile.version->header = "Server";
    EXPECT_EQ(*version(), "push/1.0");
    EXPECT_EQ(asked, "/ready");
    profile.version->header = "X-Version";
    EXPECT_THAT(version().error().message, HasSubstr("no header X-Version"));
    profile.version = {.path = "/info", .json = "build.version"};
    EXPECT_EQ(*version(), "3.4");
    EXPECT_EQ(asked, "/info");
    profile.version->json = "build.number";
    EXPECT_EQ(*version(), "5");
    profile.version->json = "build.date";
    EXPECT_THAT(version().error().message, HasSubstr("no member 'date'"));
}

TEST_F(VersionTest, WhoeverDoesNotSayHasNone) {
    profile.version.reset();
    EXPECT_EQ(*version(), "");
}

}  // namespace
}  // namespace squall
