#include "suites/targets/command.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

#include "faults/core/files.hpp"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CommandTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "command-XXXXXX";
        place.directory = mkdtemp(name.data());
        place.listen = {0x7F000001, 8080};
        place.here = "/profiles";
    }
    void TearDown() override { std::filesystem::remove_all(place.directory); }

    Place place;
};

TEST_F(CommandTest, PlaceholdersAndSettingsInTheUnitsThatAreAskedFor) {
    Launch launch;
    launch.command = {"/bin/server", "{here}/x", "{address}:{port}", "{settings}", "{directory}"};
    launch.settings = {{"heartbeat_interval", "--beat={s}"},
                       {"ping_interval", "--ping={ms}"},
                       {"policy", "--policy={}"},
                       {"send_buffer", "--buffer={bytes}"}};
    const auto command = build_command(
        launch, place,
        {{"heartbeat_interval", "1.5s"}, {"ping_interval", "2s"}, {"policy", "evict"}, {"send_buffer", "16KiB"}});
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_THAT(command->arguments, ElementsAre("/bin/server", "/profiles/x", "127.0.0.1:8080", "--beat=1.5",
                                                "--ping=2000", "--policy=evict", "--buffer=16384", place.directory));
}

TEST_F(CommandTest, AFileTakesALineForEachSetting) {
    Launch launch;
    launch.command = {"/bin/server"};
    launch.settings = {{"ping_interval", "ping {};"}, {"replay_messages", "keep {};"}};
    launch.files = {{"etc/conf", "listen {port};\n{settings}\nend"}};
    const auto command = build_command(launch, place, {{"ping_interval", "2s"}, {"replay_messages", "10"}});
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_EQ(*read_file(place.directory / "etc/conf"), "listen 8080;\nping 2s;\nkeep 10;\nend");
}

TEST_F(CommandTest, AValueOfAnotherUnitIsNamed) {
    Launch launch;
    launch.command = {"/bin/server", "{settings}"};
    launch.settings = {{"policy", "--policy={ms}"}};
    const auto command = build_command(launch, place, {{"policy", "evict"}});
    ASSERT_FALSE(command);
    EXPECT_THAT(command.error().message, HasSubstr("policy"));
    EXPECT_THAT(command.error().message, HasSubstr("{ms}"));
}

}  // namespace
}  // namespace squall
