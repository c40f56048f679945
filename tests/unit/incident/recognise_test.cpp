// Names that the field uses, and what they are in squall's words.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "suites/incident/course.hpp"
#include "suites/incident/recognise.hpp"
#include "suites/model/metric.hpp"

namespace squall::incident {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Series series(std::string name, std::optional<Unit> unit = {}, std::vector<Point> points = {{0, 1}, {10, 2}}) {
    return {std::move(name), unit, std::move(points), {1, 1}};
}

Recognition recognised(std::vector<Series> all, const std::map<std::string, std::string>& map = {}) {
    static Recording recording;  // what is unknown points into it
    recording = {};
    recording.series = std::move(all);
    auto result = recognise(recording, "it", map);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : Recognition{};
}

struct Named {
    const char* name;
    const char* word;  // "": not recognised
    std::optional<Unit> unit = {};
};

class Names : public testing::TestWithParam<Named> {};

TEST_P(Names, AreRecognised) {
    const auto result = recognised({series(GetParam().name, GetParam().unit)});
    ASSERT_TRUE(result.errors.empty()) << to_string(result.errors.front());
    EXPECT_EQ(result.recognised.empty() ? "" : result.recognised.front().word(), GetParam().word);
}

constexpr Unit bytes{dimension::bytes}, seconds{dimension::time}, bandwidth{dimension::bandwidth};

INSTANTIATE_TEST_SUITE_P(
    All, Names,
    testing::Values(Named{"connections", "connections"}, Named{"active_connections", "connections"},
                    Named{"websocketConnectionsOpen", "connections"}, Named{"hub slow clients", "slow.consumers"},
                    Named{"slow_consumers", "slow.consumers"}, Named{"queued bytes", "queued.bytes", bytes},
                    Named{"queue depth p95", "p95(queue.depth)"}, Named{"p99 queue depth", "p99(queue.depth)"},
                    Named{"push_queue_depth{quantile=\"0.95\"}", "p95(queue.depth)"},
                    Named{"push_queue_depth{quantile=\"1\"}", "max(queue.depth)"},
                    Named{"broadcast p99", "p99(delivery.latency)", seconds},
                    Named{"hub_broadcast_seconds{quantile=\"0.99\"}", "p99(delivery.latency)", seconds},
                    Named{"memory", "target.memory", bytes}, Named{"memory limit", "memory.limit", bytes},
                    Named{"container_memory_working_set_bytes", "target.memory", bytes},
                    Named{"container_spec_memory_limit_bytes", "memory.limit", bytes},
                    Named{"process_virtual_memory_bytes", "", bytes}, Named{"rss", "target.memory", bytes},
                    Named{"process_cpu_seconds_total", "target.cpu", seconds}, Named{"cpu", "target.cpu"},
                    Named{"cpu limit", "cpu.limit"}, Named{"publish rate", "publish.bandwidth", bandwidth},
                    Named{"publish rate", "messages.published"},
                    Named{"messages_published_total", "messages.published"},
                    Named{"message size", "message.size", bytes}, Named{"reconnects", "connects"},
                    Named{"disconnects_total", "disconnects"}, Named{"messages dropped", "declared.drops"},
                    Named{"kube_pod_container_status_restarts_total", "restarts"},
                    Named{"container_cpu_cfs_throttled_seconds_total", "target.throttled", seconds},
                    Named{"process_open_fds", "target.fds"},
                    Named{"process_resident_memory_bytes{job=\"request-router\"}", "target.memory", bytes},
                    Named{"push_queue_depth{queue=\"max\",quantile=\"0.95\"}", "p95(queue.depth)"},
                    Named{"{job=\"connections\"}", ""}, Named{"cpu limit", "", seconds},
                    Named{"nodejs_eventloop_lag_seconds", "event_loop.lag", seconds}, Named{"gc pauses", ""},
                    Named{"go_goroutines", ""}, Named{"disk free", "", bytes}));

INSTANTIATE_TEST_SUITE_P(WhatIsNoNumberOfConnections, Names,
                         testing::Values(Named{"connections limit", ""}, Named{"max_connections", ""},
                                         Named{"connections_total", ""}, Named{"idle connections", ""},
                                         Named{"total connections", ""}, Named{"new client", ""}, Named{"user 17", ""},
                                         Named{"session", ""}, Named{"client id", ""}, Named{"client errors", ""},
                                         Named{"connections refused", ""}, Named{"slow client", ""},
                                         Named{"connection_count", "connections"},
                                         Named{"clients connected", "connections"},
                                         Named{"sse_subscribers", "connections"}));

INSTANTIATE_TEST_SUITE_P(
    OtherStatistics, Names,
    testing::Values(Named{"broadcast latency", "max(delivery.latency)", seconds},
                    Named{"broadcast latency avg", "", seconds}, Named{"broadcast latency p75", "", seconds},
                    Named{"mean broadcast latency", "", seconds}, Named{"broadcast latency stddev", "", seconds},
                    Named{"hub_broadcast_duration_seconds_sum", "", seconds},
                    Named{"hub_broadcast_duration_seconds_count", ""}, Named{"broadcast_seconds_count", ""},
                    Named{"publish_duration_seconds_count", ""}, Named{"broadcasts per second", "messages.published"},
                    Named{"hub_broadcast_duration_seconds_bucket{le=\"0.5\"}", ""},
                    Named{"message_size_bytes_sum", "", bytes}, Named{"max message size", "", bytes},
                    Named{"process_max_fds", ""}, Named{"memory max usage", "target.memory", bytes},
                    Named{"max rss", "target.memory", bytes}, Named{"memory total", "", bytes}));

TEST(Recognise, EveryWordIsAMetricOrOneOfAnIncidents) {
    for (const Meaning& meaning : all_meanings())
        EXPECT_EQ(find_metric(meaning.word) != nullptr, !meaning.aggregation.empty()) << meaning.word;
}

TEST(Recognise, ACounterIsWhatItRisesBy) {
    const auto result = recognised({series("process_cpu_seconds_total", seconds, {{0, 100}, {10, 120}, {20, 5}})});
    ASSERT_EQ(result.recognised.size(), 1u);
    const auto& points = result.recognised.front().points;
    ASSERT_EQ(points.size(), 3u);
    EXPECT_DOUBLE_EQ(points[0].value, 2);
    EXPECT_DOUBLE_EQ(points[1].value, 0.5);  // it began anew, at 0
    EXPECT_TRUE(result.recognised.front().differentiated);
}

TEST(Recognise, SeveralSeriesOfOneWord) {
    const auto result =
        recognised({series("connections{p=\"sse\"}", {}, {{0, 1}, {10, 3}}),
                    series("connections{p=\"ws\"}", {}, {{5, 10}, {10, 20}}), series("latency p99{p=\"sse\"}", seconds),
                    series("latency p99{p=\"ws\"}", seconds, {{0, 9}, {10, 1}})});
    ASSERT_EQ(result.recognised.size(), 2u);
    EXPECT_EQ(course_at(result.recognised[0].points, 5), 12);
    EXPECT_EQ(result.recognised[0].names.size(), 2u);
    EXPECT_EQ(result.recognised[1].points.front().value, 9);
    EXPECT_EQ(result.recognised[1].points.back().value, 2);
}

TEST(Recognise, OfSeveralNamesOneCounts) {
    const std::vector<Series> all{series("always connections", {}, {{0, 9}}), series("clients"),
                                  series("connections{pod=\"a\"}"), series("connections{pod=\"b\"}")};
    const auto result = recognised(all);
    ASSERT_EQ(result.recognised.size(), 1u);
    EXPECT_THAT(result.recognised[0].names, ElementsAre("connections{pod=\"a\"}", "connections{pod=\"b\"}"));
    EXPECT_EQ(result.recognised[0].last(), 4);
    ASSERT_EQ(result.unused.size(), 2u);
    EXPECT_EQ(result.unused[1].series->name, "clients");
    EXPECT_EQ(result.unused[1].word, "connections");
    const auto told = recognised(all, {{"clients", "connections"}});
    EXPECT_THAT(told.recognised.at(0).names, ElementsAre("clients"));
    const auto both = recognised(all, {{"clients", "connections"}, {"connections", "connections"}});
    EXPECT_EQ(both.recognised.at(0).last(), 6);
}

TEST(Recognise, OfSeveralNamesTheOneThatSaysItBestCounts) {
    const auto result = recognised({series("users"), series("clients"), series("heap", Unit{dimension::bytes}),
                                    series("open connections"), series("rss", Unit{dimension::bytes})});
    ASSERT_EQ(result.recognised.size(), 2u);
    EXPECT_EQ(result.recognised[0].names.front(), "open connections");
    EXPECT_EQ(result.recognised[1].names.front(), "rss");
}

TEST(Recognise, WhatHasEndedIsPartOfNoSum) {
    const std::vector<Point> before{{0, 1000}, {5, 1000}, {10, 1000}}, after{{20, 1000}, {25, 1000}, {30, 1000}};
    const auto result =
        recognised({series("connections{pod=\"a\"}", {}, before), series("connections{pod=\"b\"}", {}, after)});
    ASSERT_EQ(result.recognised.size(), 1u);
    EXPECT_EQ(result.recognised[0].least(), 1000);
    EXPECT_EQ(result.recognised[0].most(), 1000);
    const auto restarts = recognised(
        {series("restarts{pod=\"a\"}", {}, {{0, 1}, {10, 2}}), series("restarts{pod=\"b\"}", {}, {{20, 1}, {30, 1}})});
    EXPECT_EQ(restarts.recognised.at(0).last(), 3);  // as many as there were
}

TEST(PutTogether, WhatIsRecordedABitLaterWasThereFromTheFirst) {
    const auto sum = put_together({{{0, 1}, {5, 1}, {10, 1}}, {{0.5, 1}, {5.5, 1}, {10.5, 1}}}, Together::sum);
    for (const Point& point : sum)
        EXPECT_EQ(point.value, 2) << point.at_s;
    const auto limits = put_together({{{0, 1}}, {{7, 3}}}, Together::largest);
    EXPECT_EQ(limits.front().value, 3);
    EXPECT_EQ(limits.back().value, 3);
}

TEST(PutTogether, WhatComesLaterWasNotThereFromTheFirst) {
    const auto sum = put_together({{{0, 1}, {5, 1}, {10, 1}}, {{5, 1}, {10, 1}}}, Together::sum);
    EXPECT_EQ(sum.front().value, 1);
    EXPECT_EQ(sum.back().value, 2);
}

TEST(PutTogether, ManySeriesOfOneWord) {
    std::vector<std::vector<Point>> pods(600);
    for (int i = 0; i < 60'000; ++i)
        pods[static_cast<std::size_t>(i) % pods.size()].push_back({static_cast<double>(i / 600), 1});
    EXPECT_EQ(put_together(pods, Together::sum).at(50).value, 600);
}

TEST(Recognise, ImplausibleNumbersAreRefusedWithTheirCure) {
    const auto said = [](Series one) {
        const auto result = recognised({std::move(one)});
        return result.errors.empty() ? "" : to_string(result.errors.front());
    };
    EXPECT_THAT(said(series("slow client share", {}, {{0, 5}})), HasSubstr("--map 'slow client share=slow.share %'"));
    EXPECT_EQ(said(series("slow client share", {}, {{0, 0.05}})), "");
    EXPECT_THAT(said(series("slow client share", Unit{dimension::none, true}, {{0, 5}})), HasSubstr("is 5 of"));
    EXPECT_THAT(said(series("cpu", {}, {{0, 3}, {9, 85}})),
                HasSubstr("'cpu' would be 85 cores; --map 'cpu=target.cpu %'"));
    EXPECT_EQ(said(series("cpu", Unit{dimension::cores}, {{0, 85}})), "");
    EXPECT_THAT(said(series("cpu", Unit{dimension::cores}, {{0, 1e18}})), HasSubstr("would be 1,000,000"));
    EXPECT_THAT(said(series("connections", {}, {{0, 50}, {9, 50.234}})), HasSubstr("'connections' is 50.234 at 9s"));
    EXPECT_EQ(said(series("queue depth p95", {}, {{0, 2.5}})), "");
    EXPECT_TRUE(recognised({series("connections", {}, {{0, 2.5}})}, {{"connections", "connections"}}).errors.empty());
}

TEST(Recognise, ManyMistakesAreCounted) {
    std::vector<Series> all;
    for (int i = 0; i < 500; ++i)
        all.push_back(series(fmt::format("connections{{pod=\"{}\"}}", i), {}, {{0, 0.5}}));
    const auto result = recognised(std::move(all));
    ASSERT_EQ(result.errors.size(), 21u);
    EXPECT_THAT(to_string(result.errors.front()), HasSubstr("--map 'connections=ignore'"));
    EXPECT_THAT(to_string(result.errors.back()), HasSubstr("480 more"));
}

TEST(Recognise, ANameInTheMapMayEndInAStar) {
    const auto result = recognised({series("client a"), series("client b{x=\"1\"}"), series("client c"), series("c")},
                                   {{"client*", "ignore"}, {"client c", "connections"}});
    EXPECT_THAT(result.ignored, ElementsAre("client a", "client b{x=\"1\"}"));
    EXPECT_THAT(result.recognised.at(0).names, ElementsAre("client c"));
    Recording recording;
    recording.series = {series("mem")};
    const auto none = recognise(recording, "it", {{"client*", "ignore"}});
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().message, HasSubstr("no name begins so"));
}

TEST(Recognise, TheMapSaysSo) {
    const auto result =
        recognised({series("goroutines{pod=\"a\"}"), series("mem"), series("connections")},
                   {{"goroutines", "connections"}, {"mem", "target.memory MB"}, {"connections", "ignore"}});
    ASSERT_EQ(result.recognised.size(), 2u);
    EXPECT_EQ(result.recognised[0].word(), "connections");
    EXPECT_EQ(result.recognised[1].points[1].value, 2e6);
    EXPECT_THAT(result.ignored, ElementsAre("connections"));
}

TEST(Recognise, AUnitThatTheRecordHasIsNotToldOnceMore) {
    Recording recording;
    recording.series = {series("heap used", bytes)};
    const auto result = recognise(recording, "it", {{"heap used", "target.memory MB"}});
    ASSERT_TRUE(result);
    ASSERT_EQ(result->errors.size(), 1u);
    EXPECT_THAT(to_string(result->errors.front()), HasSubstr("it:1:1: 'heap used' is in B by the record itself"));
}

TEST(Recognise, TheLetterMIsOfTheSeries) {
    constexpr Unit letter_m{dimension::time, false, true};
    const std::vector<Point> half{{0, 500 * 60}, {10, 500 * 60}};
    const auto result = recognised({series("cpu limit", letter_m, half), series("cpu", letter_m, half),
                                    series("heap", letter_m, half), series("latency p99", letter_m, half)});
    ASSERT_EQ(result.recognised.size(), 4u);
    EXPECT_DOUBLE_EQ(result.recognised[0].first(), 0.5);
    EXPECT_DOUBLE_EQ(result.recognised[1].first(), 0.5);
    EXPECT_DOUBLE_EQ(result.recognised[2].first(), 500 * 1024 * 1024);
    EXPECT_DOUBLE_EQ(result.recognised[3].first(), 30'000);
}

TEST(Recognise, MistakesInTheMap) {
    Recording recording;
    recording.series = {series("mem")};
    const auto wrong = [&](const char* name, const char* word) {
        const auto result = recognise(recording, "it", {{name, word}});
        return result ? "" : result.error().message;
    };
    EXPECT_THAT(wrong("men", "target.memory"), HasSubstr("the record has no 'men'; did you mean 'mem'?"));
    EXPECT_THAT(wrong("mem", "target.memry"), HasSubstr("did you mean 'target.memory'?"));
    EXPECT_THAT(wrong("mem", "target.memory XB"), HasSubstr("'XB' is no unit"));
    EXPECT_THAT(wrong("mem", "queue.depth"), HasSubstr("p95(queue.depth)"));
    EXPECT_THAT(wrong("mem", "p99(connections)"), HasSubstr("has no statistics"));
}

TEST(Recognise, AValueThatIsWantedHasToBeOne) {
    Recording recording;
    recording.series = {series("memory", bytes)};
    recording.unread = {{"memory", "'15QB' is no number", {3, 9}}, {"peer", "'10.0.0.1' is no number", {3, 1}}};
    const auto result = recognise(recording, "it", {});
    ASSERT_TRUE(result);
    ASSERT_EQ(result->errors.size(), 1u);
    EXPECT_EQ(to_string(result->errors.front()),
              "it:3:9: memory: '15QB' is no number; --map 'memory=ignore' does without it");
    const auto ignored = recognise(recording, "it", {{"memory", "ignore"}});
    ASSERT_TRUE(ignored);
    EXPECT_TRUE(ignored->errors.empty());
}

}  // namespace
}  // namespace squall::incident
