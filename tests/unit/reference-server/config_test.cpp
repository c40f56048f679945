#include "reference-server/src/config.hpp"

#include <gtest/gtest.h>

namespace squall::reference {
namespace {

std::vector<std::string> apply(Config& config, const std::string& document) {
    Origins origins;
    std::vector<std::string> mistakes = apply_yaml(config, document, "server.yaml", origins);
    for (std::string& mistake : check_combinations(config, origins))
        mistakes.push_back(std::move(mistake));
    return mistakes;
}

TEST(Config, EverySettingReadsItsOwnDefault) {
    for (const Setting& setting : settings()) {
        Config config;
        EXPECT_EQ(assign(config, setting, value_text(config, setting)), "") << setting.name;
    }
}

TEST(Config, ReadsAFile) {
    Config config;
    EXPECT_TRUE(apply(config,
                      "ping_interval: 10s\npolicy: drop-oldest\nqueue_bytes_high: 64KiB\n"
                      "queue_bytes_low: 32KiB\nslow_share_max: 100%\nlog: none\n")
                    .empty());
    EXPECT_EQ(config.ping_interval, 10s);
    EXPECT_EQ(config.policy, Policy::drop_oldest);
    EXPECT_EQ(config.queue_bytes_high, 65'536U);
    EXPECT_DOUBLE_EQ(config.slow_share_max, 1.0);
    EXPECT_EQ(config.log, LogFormat::none);
}

TEST(Config, AnEmptyFileChangesNothing) {
    Config config;
    EXPECT_TRUE(apply(config, "# nothing\n").empty());
}

TEST(Config, ReportsEveryMistakeWithItsPlace) {
    Config config;
    const auto mistakes = apply(config,
                                "ping_intervall: 3s\n"
                                "policy: sometimes\n"
                                "pong_deadline: 5\n"
                                "write_deadline: [1s]\n"
                                "close_deadline: 1s\n"
                                "close_deadline: 2s\n"
                                "keepalive_idle: 1500ms\n");
    ASSERT_EQ(mistakes.size(), 6U);
    EXPECT_EQ(mistakes[0], "server.yaml:1:1: unknown key 'ping_intervall': did you mean 'ping_interval'?");
    EXPECT_EQ(mistakes[1],
              "server.yaml:2:9: policy: 'sometimes' is not possible here: expected evict, drop-oldest or "
              "pause-producer");
    EXPECT_EQ(mistakes[2].substr(0, 21), "server.yaml:3:16: pon");
    EXPECT_EQ(mistakes[3].substr(0, 21), "server.yaml:4:17: wri");
    EXPECT_EQ(mistakes[4], "server.yaml:6:1: close_deadline is already set at server.yaml:5:17");
    EXPECT_NE(mistakes[5].find("whole seconds"), std::string::npos);
}

TEST(Config, RefusesValuesOutOfRange) {
    Config config;
    const Config unchanged;
    EXPECT_EQ(assign(config, *find_setting("queue_messages_high"), "0"), "expected a whole number from 1 to 1000000");
    EXPECT_EQ(config.queue_messages_high, unchanged.queue_messages_high);
    for (const char* wrong : {"8080", ":8080", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x"})
        EXPECT_NE(assign(config, *find_setting("listen"), wrong), "") << wrong;
}

TEST(Config, ComparesTheMarks) {
    Config config;
    const auto mistakes = apply(config, "queue_messages_high: 10\nqueue_messages_low: 11\n");
    ASSERT_EQ(mistakes.size(), 1U);
    EXPECT_EQ(mistakes[0],
              "server.yaml:2:21: queue_messages_low (11) is above queue_messages_high (10): expected at most that");
}

TEST(Config, ReportsBrokenYamlWithItsPlace) {
    Config config;
    const auto mistakes = apply(config, "policy: evict\n  listen: [\n");
    ASSERT_EQ(mistakes.size(), 1U);
    EXPECT_EQ(mistakes[0].substr(0, 14), "server.yaml:2:");
    EXPECT_EQ(apply(config, "- a\n- b\n").size(), 1U);
}

}  // namespace
}  // namespace squall::reference
