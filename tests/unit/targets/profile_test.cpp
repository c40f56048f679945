#include "suites/targets/profile.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string minimal = "name: mine\nsummary: My server.\naddress: 127.0.0.1:9000\nsse: {path: /stream}\n";

std::string mistakes(const std::string& text) {
    const auto parsed = parse_profile(text, "mine.yaml");
    EXPECT_FALSE(parsed.profile);
    std::string all;
    for (const auto& error : parsed.errors)
        all += to_string(error) + "\n";
    return all;
}

TEST(Profile, TheSmallestOne) {
    const auto parsed = parse_profile(minimal, "mine.yaml");
    ASSERT_TRUE(parsed.profile) << to_string(parsed.errors.front());
    EXPECT_EQ(parsed.profile->address, (Endpoint{0x7F000001, 9000}));
    EXPECT_EQ(parsed.profile->sse_path, "/stream");
    EXPECT_TRUE(parsed.profile->websocket_path.empty());
}

TEST(Profile, TheReferenceServersIsValid) {
    std::ifstream file(SQUALL_PROFILES "/reference-server.yaml");
    std::ostringstream text;
    text << file.rdbuf();
    const auto parsed = parse_profile(text.str(), "reference-server.yaml");
    ASSERT_TRUE(parsed.profile) << to_string(parsed.errors.front());
    for (const auto& setting : target_settings()) {
        EXPECT_EQ(parsed.profile->launch->settings.count(setting.name), 1U) << setting.name;
    }
}

TEST(Profile, MistakesNamePlaceKeyAndWhatWouldBeRight) {
    EXPECT_THAT(mistakes(minimal + "launhc: {}\n"), HasSubstr("mine.yaml:5:1: a profile has no key 'launhc'"));
    EXPECT_THAT(mistakes(minimal + "launch: {command: [x]}\n"), HasSubstr("either 'launch'"));
    EXPECT_THAT(mistakes("name: mine\nsummary: s\nsse: {path: /}\n"), HasSubstr("either 'launch'"));
    EXPECT_THAT(mistakes("name: mine\nsummary: s\naddress: 127.0.0.1:9\n"), HasSubstr("how to subscribe"));
    EXPECT_THAT(mistakes(minimal + "publish: {http: {request: /publish}}\n"), HasSubstr("method and a path"));
    EXPECT_THAT(mistakes(minimal + "metrics: {path: /m, names: [{metric: queue.dept, source: x}]}\n"),
                HasSubstr("there is no metric 'queue.dept'"));
    EXPECT_THAT(mistakes(minimal + "metrics: {path: /m, names: [{metric: queue.depth, source: x}]}\n"),
                HasSubstr("which quantile"));
    EXPECT_THAT(mistakes(minimal + "declares: {ping_intervall: 5s}\n"), HasSubstr("did you mean 'ping_interval'"));
    EXPECT_THAT(mistakes("name: m\nsummary: s\nsse: {path: /}\nlaunch: {command: [x], settings: {policy: p}}\n"),
                HasSubstr("no argument \"{settings}\""));
    EXPECT_THAT(mistakes(minimal + "publish: {http: {request: POST /p, body: hello}}\n"), HasSubstr("no {payload}"));
    EXPECT_THAT(mistakes(minimal + "log: {event: {key: e, value: d}, peer: p, reason: r}\n"),
                HasSubstr("mine.yaml:5:6: log: is read from the output of a target that squall launches"));
    EXPECT_THAT(mistakes("name: [\n"), HasSubstr("mine.yaml:2:"));
}

TEST(Profile, AllThatAreShippedAreValid) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SQUALL_PROFILES)) {
        if (entry.path().extension() != ".yaml") continue;
        ++count;
        std::ifstream file(entry.path());
        std::ostringstream text;
        text << file.rdbuf();
        const auto parsed = parse_profile(text.str(), entry.path().string());
        ASSERT_TRUE(parsed.profile) << to_string(parsed.errors.front());
        EXPECT_EQ(parsed.profile->name, entry.path().stem());
    }
    EXPECT_GE(count, 8U);
}

TEST(Profile, WhatIsSaidOnAWebSocketAndWhatIsNotOffered) {
    const auto parsed = parse_profile(minimal +
                                          "topics: false\n"
                                          "version: {path: /info, json: build.version}\n"
                                          "websocket:\n"
                                          "  path: /ws\n"
                                          "  opening: ['hello {topic}']\n"
                                          "  confirm: welcome\n"
                                          "  replies: {'2': '3'}\n"
                                          "  lacks: [resume]\n"
                                          "publish:\n"
                                          "  http: {request: POST /p, headers: {X-Key: a}}\n"
                                          "  websocket: {path: /ws, replies: {'2': '3'}}\n",
                                      "mine.yaml");
    ASSERT_TRUE(parsed.profile) << to_string(parsed.errors.front());
    const Profile& profile = *parsed.profile;
    EXPECT_FALSE(profile.topics);
    EXPECT_EQ(profile.version->json, "build.version");
    EXPECT_THAT(profile.websocket.opening, ElementsAre("hello {topic}"));
    EXPECT_EQ(profile.websocket.confirm, "welcome");
    EXPECT_EQ(profile.websocket_publish.replies.at("2"), "3");
    EXPECT_TRUE(profile.websocket_publish.confirm.empty());
    EXPECT_EQ(profile.publish_headers.front().second, "a");
    EXPECT_TRUE(lacks(profile, Protocol::websocket, Feature::resume));
    EXPECT_FALSE(lacks(profile, Protocol::sse, Feature::resume));
    EXPECT_TRUE(takes_messages(profile));
    EXPECT_FALSE(takes_messages(*parse_profile(minimal, "mine.yaml").profile));

    EXPECT_THAT(mistakes(minimal + "websocket: {path: /, lacks: [resum]}\n"), HasSubstr("did you mean 'resume'"));
    EXPECT_THAT(mistakes(minimal + "websocket: {path: /, replies: {'': x}}\n"), HasSubstr("the empty text"));
    EXPECT_THAT(mistakes(minimal + "websocket: {path: /, confirm: " + std::string(129, 'x') + "}\n"),
                HasSubstr("at most 128 bytes"));
    EXPECT_THAT(mistakes(minimal + "version: {path: /}\n"), HasSubstr("one of 'command', 'header' and 'json'"));
}

TEST(Profile, ASettingThatTheTargetNeverHeardOfIsNotKnown) {
    const auto parsed = parse_profile(
        "name: mine\nsummary: s\nsse: {path: /}\nlaunch: {command: [x, \"{settings}\"], settings: {policy: "
        "\"--policy={}\"}}\n"
        "declares: {ping_interval: 30s, policy: evict}\n",
        "mine.yaml");
    ASSERT_TRUE(parsed.profile) << to_string(parsed.errors.front());
    const auto fitted =
        fit_settings(*parsed.profile, {{"policy", "drop-oldest"}, {"ping_interval", "1s"}, {"retry", "2s"}});
    EXPECT_EQ(fitted.told, (std::map<std::string, std::string>{{"policy", "drop-oldest"}}));
    EXPECT_EQ(fitted.known, (std::map<std::string, std::string>{{"policy", "drop-oldest"}, {"ping_interval", "30s"}}));
    EXPECT_THAT(fitted.unknown, ElementsAre("retry"));
}

}  // namespace
}  // namespace squall
