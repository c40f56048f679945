// Records read: what is in them, and why one cannot be read.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "suites/incident/recording.hpp"

namespace squall::incident {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Recording read(std::string_view text) {
    auto read = read_recording(text, "it");
    EXPECT_TRUE(read.recording) << (read.errors.empty() ? "" : to_string(read.errors.front()));
    return read.recording ? std::move(*read.recording) : Recording{};
}

std::string refused(std::string_view text) {
    const auto read = read_recording(text, "it");
    EXPECT_FALSE(read.recording);
    return read.errors.empty() ? "" : to_string(read.errors.front());
}

/// "name unit: 0=1 30=2"
std::vector<std::string> told(const Recording& recording) {
    std::vector<std::string> all;
    for (const Series& series : recording.series) {
        std::string text = series.name + (series.unit ? " " + std::string(to_string(*series.unit)) : "") + ":";
        for (const Point& point : series.points)
            text += fmt::format(" {:g}={:g}", point.at_s, point.value);
        all.push_back(text);
    }
    return all;
}

TEST(Log, SeveralValuesALine) {
    EXPECT_THAT(
        told(read("14:23:45 WARN hub: connections: 50,234 queued bytes: 8 GB, slow clients: 127\n"
                  "14:24:15 WARN hub: connections: 49,891 queued bytes: 10 GB, slow clients: 412\n")),
        ElementsAre("connections: 0=50234 30=49891", "queued bytes B: 0=8e+09 30=1e+10", "slow clients: 0=127 30=412"));
}

TEST(Log, AValueAndItsLimit) {
    EXPECT_THAT(told(read("14:23:45 memory: 15.2 GB / 16 GB\n14:24:15 memory: 15.8 / 16 GB (98%)\n")),
                ElementsAre("memory B: 0=1.52e+10 30=1.58e+10", "memory limit B: 0=1.6e+10 30=1.6e+10"));
}

TEST(Log, AStatisticBelongsToTheNameBeforeIt) {
    EXPECT_THAT(told(read("[14:23:45] queue depth p95: 156 p99: 341\n[14:24:15] latency: p50=3ms p99=1.2s\n")),
                ElementsAre("queue depth p95: 0=156", "queue depth p99: 0=341", "latency p50 s: 30=0.003",
                            "latency p99 s: 30=1.2"));
}

TEST(Log, KeysAndValues) {
    EXPECT_THAT(told(read("time=\"2026-03-14T14:23:45Z\" level=info msg=\"hub stats\" connections=5 rss=\"8MiB\"\n"
                          "time=\"2026-03-14T14:23:46Z\" level=info msg=\"hub stats\" connections=6 rss=\"9MiB\"\n")),
                ElementsAre("connections: 0=5 1=6", "rss B: 0=8.38861e+06 1=9.43718e+06"));
}

TEST(Log, BeyondMidnightAndOutOfOrder) {
    EXPECT_THAT(told(read("23:59:50 c: 1\n00:00:10 c: 3\n00:00:00 c: 2\n")), ElementsAre("c: 0=1 10=2 20=3"));
}

TEST(Log, OutOfOrderAroundMidnight) {
    EXPECT_THAT(told(read("23:59:50 c: 1\n00:00:10 c: 3\n23:59:55 c: 2\n00:00:20 c: 4\n")),
                ElementsAre("c: 0=1 5=2 20=3 30=4"));
    EXPECT_THAT(told(read("00:00:10 c: 2\n23:59:55 c: 1\n")), ElementsAre("c: 0=1 15=2"));
    EXPECT_THAT(told(read("Jan  1 00:00:10 c: 2\nDec 31 23:59:55 c: 1\n")), ElementsAre("c: 0=1 15=2"));
    EXPECT_THAT(refused("08:00:00 c: 1\n20:30:00 c: 2\n"), HasSubstr("it:2:1: '20:30:00' is far from the time before"));
}

TEST(Log, ZonesAreNoNames) {
    EXPECT_THAT(told(read("2026-03-14 14:23:45 +0200 c: 1\n2026-03-14 12:23:50 UTC c: 2\n")),
                ElementsAre("c: 0=1 5=2"));
    EXPECT_THAT(refused("0 c: 1\n14:23:45 c: 1\n"), HasSubstr("it:2:1: '14:23:45' is another kind of time"));
    EXPECT_THAT(refused("14:23:45 Z c: 1\n14:23:50 c: 2\n"), HasSubstr("it:2:1: '14:23:50' has no zone"));
    EXPECT_THAT(refused("02:23:45 PM c: 1\n"), HasSubstr("it:1:1: 'PM' behind the time"));
    EXPECT_THAT(refused("14:23:45 CET c: 1\n"), HasSubstr("write its offset (+01:00), or UTC"));
    EXPECT_THAT(refused("14:23 c: 1\n14:24 c: 2\n"), HasSubstr("it:1:1: '14:23' is no time of day with seconds"));
}

TEST(Log, EventsAreTold) {
    const Recording recording = read(
        "14:23:45 c: 1\n14:23:46 c: 2\n14:23:47 kernel: Out of memory: Killed process\n14:23:48 systemd: restarting "
        "hub\n"
        "14:23:49 hub killed by signal 9\n14:23:50 restarts: 3\n");
    ASSERT_EQ(recording.events.size(), 3u);
    EXPECT_EQ(recording.events[0].what, Event::What::killed_for_memory);
    EXPECT_EQ(recording.events[0].at_s, 2);
    EXPECT_EQ(recording.events[0].place.line, 3u);
    EXPECT_EQ(recording.events[1].what, Event::What::restarted);
    EXPECT_EQ(recording.events[2].what, Event::What::killed);
}

TEST(Log, WhatIsNoValueIsKeptAside) {
    const Recording recording =
        read("14:23:45 peer: 10.0.0.1 memory: 15QB c: 1\nTraceback\n  at hub\n14:23:46 memory: 8 GB c: 2\n");
    ASSERT_EQ(recording.unread.size(), 2u);
    EXPECT_EQ(recording.unread[1].name, "memory");
    EXPECT_EQ(recording.unread[1].place.line, 1u);
    EXPECT_EQ(recording.unread[1].place.column, 33u);
    EXPECT_THAT(recording.notes, ElementsAre("2 lines without a time were passed over, the first is line 2"));
}

TEST(Log, WhoSaysALineTellsItsSeriesApart) {
    EXPECT_THAT(told(read("14:23:45 pod=a rss=1GB level=info\n14:23:45 pod=b rss=2GB level=warn\n"
                          "14:23:50 rss=3GB pod=\"a\"\n14:23:50 worker=2 memory: 1 / 2 GB\n")),
                ElementsAre("rss{pod=\"a\"} B: 0=1e+09 5=3e+09", "rss{pod=\"b\"} B: 0=2e+09",
                            "memory{worker=\"2\"} B: 5=1e+09", "memory limit{worker=\"2\"} B: 5=2e+09"));
}

TEST(Log, SeveralValuesAtOneInstantAreCounted) {
    const Recording recording = read("0 c: 1 d: 5\n10 c: 2 d: 5\n10 c: 3 d: 6\n0 c: 4\n20 c: 5\n20 c: 5\n");
    EXPECT_THAT(told(recording), ElementsAre("c: 0=4 10=3 20=5", "d: 0=5 10=6"));
    EXPECT_THAT(recording.notes, ElementsAre("'c' and 1 other have several values at one instant, of which the last "
                                             "counts: 3 were passed over, the first for line 4"));
}

TEST(Log, WhatIsSaidInWordsIsKeptAside) {
    const Recording recording = read(
        "0 hub: connections: 1\n1 hub: queue depth: about 7\n2 queue depth: much\n3 latency p99: NaN c=-inf\n"
        "4 all is well\n5 rss: 1e400 B\n6 hub: connections: 2\n");
    ASSERT_EQ(recording.unread.size(), 2u);
    EXPECT_EQ(recording.unread[0].name, "queue depth");
    EXPECT_EQ(recording.unread[0].values, 2u);
    EXPECT_EQ(recording.unread[0].place.line, 2u);
    EXPECT_EQ(recording.unread[0].problem, "'about 7' is no number");
    EXPECT_TRUE(recording.unread[0].in_words);
    EXPECT_EQ(recording.unread[1].name, "rss");
    EXPECT_FALSE(recording.unread[1].in_words);
    EXPECT_THAT(recording.notes,
                ElementsAre("3 lines with a time hold no value that is understood, the first is line 2",
                            "2 values are none (NaN, infinite, null, n/a, -), and count as not recorded"));
}

TEST(Log, OnlyWhatHappenedIsAnEvent) {
    for (const char* line : {"restart policy: always", "no process was killed", "0 crashed",
                             "hub: now zero were killed", "oom_score_adj set", "restart on failure"})
        EXPECT_TRUE(read(fmt::format("0 c: 1\n1 c: 2 {}\n", line)).events.empty()) << line;
    for (const char* line :
         {"hub crashed", "worker 0 crashed", "systemd: hub.service: Scheduled restart job", "hub restarted", "OOM",
          "hub invoked oom-killer", "panic: runtime error", "msg=\"hub was killed\""})
        EXPECT_EQ(read(fmt::format("0 c: 1\n1 c: 2 {}\n", line)).events.size(), 1u) << line;
}

TEST(Log, WhatDeniesAnEvent) {
    for (const char* line :
         {"hub: 0 processes killed", "reaper: killed 0 processes", "OOM killer: disabled", "oom-killer: disabled",
          "client killed its connection", "client 17 was killed", "connection restarted", "killed 3 connections",
          "killed no process", "hub: 0 killed", "restarted 0 times"})
        EXPECT_TRUE(read(fmt::format("0 c: 1\n1 c: 2 \n2 {}\n", line)).events.empty()) << line;
    for (const char* line : {"connections: 0 OOM killed", "panic: no space left", "hub crashed: connection refused",
                             "clients: 0 hub crashed", "OOM killed, 0 left", "all connections lost, hub was killed",
                             "killed without warning", "worker 0 killed"})
        EXPECT_EQ(read(fmt::format("0 c: 1\n1 c: 2\n2 {}\n", line)).events.size(), 1u) << line;
}

TEST(Log, LinesOfMoreThan64KiBAreRefused) {
    const std::string words(65'536, 'x');
    EXPECT_THAT(refused("0 c: 1\n1 c: 2\n2 " + words + "\n"), HasSubstr("it:3:1: is longer than 64 KiB"));
}

TEST(Log, AddressesAreText) {
    const Recording recording = read(
        "0 connections: 1 client connected: 10.0.0.1:5123 rss: 8 B\n1 from [::1]:5123 peer: 2001:db8::1\n"
        "2 client connected: 10.0.0.1\n3 peer=[fe80::1]:80 connections=2\n");
    EXPECT_THAT(told(recording), ElementsAre("connections count: 0=1 3=2", "rss B: 0=8"));
    for (const Unread& unread : recording.unread)
        EXPECT_TRUE(unread.in_words) << unread.name << ": " << unread.problem;
}

TEST(Log, UnitsThatAreNotKnown) {
    for (const char* value : {"8 gigs", "8 gigs, d: 5", "8 gigs / 16 gigs", "12 345", "120/min", "5 per hour"}) {
        const Recording recording = read(fmt::format("0 x: 1\n1 x: 2\n2 memory: {}\n", value));
        ASSERT_FALSE(recording.unread.empty()) << value;
        EXPECT_EQ(recording.unread.front().name, "memory") << value;
        EXPECT_FALSE(recording.unread.front().in_words) << value;
    }
    EXPECT_THAT(
        told(read("0 connections: 1000 queued: 5\n1 connections: 1,000 clients now\n2 queued: 6 in all queues\n")),
        ElementsAre("connections: 0=1000 1=1000", "queued: 0=5 2=6"));
    EXPECT_THAT(told(read("0 memory: 1.5 / 16G\n1 memory: 1'500 / 16'000M\n")),
                ElementsAre("memory: 0=1.5e+09 1=1.5e+09", "memory limit: 0=1.6e+10 1=1.6e+10"));
    const Recording limit = read("0 memory: 5 / 16QB\n1 memory: 6 / 16QB\n");
    ASSERT_EQ(limit.unread.size(), 1u);
    EXPECT_EQ(limit.unread[0].name, "memory limit");
}

TEST(Log, OverTheTurnOfTheYear) {
    EXPECT_THAT(told(read("Dec 31 23:59:50 c: 1\nJan  1 00:00:10 c: 2\n")), ElementsAre("c: 0=1 20=2"));
}

TEST(Log, Refused) {
    EXPECT_THAT(refused(""), HasSubstr("it:1:1: is empty"));
    EXPECT_THAT(refused(std::string_view("a\0b", 3)), HasSubstr("is no text"));
    EXPECT_THAT(refused("\nconnections: 5\nconnections: 6\n"), HasSubstr("it:2:1: does not begin with a time"));
    EXPECT_THAT(refused("14:23:45 all is well\n14:23:46 still\n"), HasSubstr("holds no values with a time"));
    EXPECT_THAT(refused("14:23:45 c: 5 d: 6\n"), HasSubstr("it:1:13: all values are of one instant"));
    EXPECT_THAT(refused("14:23:45 c: 5\n2026-03-14T14:23:46Z c: 6\n"),
                HasSubstr("it:2:1: '2026-03-14T14:23:46Z' is another"));
    EXPECT_THAT(refused("14:23:45 c: 5 GB\n14:23:46 c: 6 s\n"), HasSubstr("it:2:13: 'c' has s here, and B in line 1"));
}

TEST(Csv, ColumnsCellsAndUnits) {
    EXPECT_THAT(told(read("time,connections,\"memory [MB]\",note\r\n"
                          "2026-03-14T14:23:45Z,\"50,234\",15.5,\"a, \"\"b\"\"\nc\"\r\n"
                          "2026-03-14T14:24:15Z,49891,,\r\n")),
                ElementsAre("connections: 0=50234 30=49891", "memory [MB] B: 0=1.55e+07"));
    EXPECT_THAT(told(read("connections;elapsed_ms\n5;0\n6;500\n")), ElementsAre("connections: 0=5 0.5=6"));
    EXPECT_THAT(told(read("ts\tc\n1773454625000\t5\n1773454625500\t6 \n")), ElementsAre("c: 0=5 0.5=6"));
}

TEST(Csv, ColumnsOfOneName) {
    EXPECT_THAT(told(read("time,rss,rss,\"rss{pod=\"\"a\"\"}\",\"rss{pod=\"\"a\"\"}\"\n0,1,2,3,4\n1,1,2,3,4\n")),
                ElementsAre("rss: 0=1 1=1", "rss{column=\"3\"}: 0=2 1=2", "rss{pod=\"a\"}: 0=3 1=3",
                            "rss{pod=\"a\",column=\"5\"}: 0=4 1=4"));
}

TEST(Csv, AsItIsExported) {
    EXPECT_THAT(told(read("\r\n \n\"Time\",\"rss{pod=\"\"a\"\"}\"\r\n0,5\r\n10,6\r\n")),
                ElementsAre("rss{pod=\"a\"}: 0=5 10=6"));
    EXPECT_THAT(told(read("\n\ttime\tc\nx\t0\t1\ny\t1\t2\n")), ElementsAre("c: 0=1 1=2"));
    EXPECT_THAT(told(read("elapsed_ms,c\n0,1\n1e3,2\n")), ElementsAre("c: 0=1 1=2"));
    EXPECT_THAT(told(read("time_s,c\n-5,1\n5,2\n")), ElementsAre("c: 0=1 10=2"));
    EXPECT_THAT(told(read("time;c\n0,5;0,123\n1,5;1,5\n")), ElementsAre("c: 0=0.123 1=1.5"));
    const Recording gaps = read("time,c\n0,1\n1,+Inf\n2,\n3,4\n");
    EXPECT_THAT(told(gaps), ElementsAre("c: 0=1 3=4"));
    EXPECT_THAT(gaps.notes, ElementsAre("1 value is none (NaN, infinite, null, n/a, -), and counts as not recorded"));
}

TEST(Csv, CommentsComeBeforeTheHeader) {
    EXPECT_THAT(told(read("# exported, from \"a\" panel\n\n# \"twice,\ntime,c\n0,5\n9,6\n")),
                ElementsAre("c: 0=5 9=6"));
    EXPECT_THAT(told(read("# notes, by hand\n14:00:00 c: 5\n14:00:09 c: 6\n")), ElementsAre("c: 0=5 9=6"));
}

TEST(Csv, TimesGoOnBeyondMidnight) {
    EXPECT_THAT(told(read("time,c\n23:59:50,1\n23:59:55,2\n00:00:05,3\n")), ElementsAre("c: 0=1 5=2 15=3"));
}

TEST(Csv, GapsAreCountedAndColumnsNamed) {
    const Recording recording = read("time,,memory_mb\n0,1,5\n1,n/a,-\n2,null,\n3,2,none\n");
    EXPECT_THAT(told(recording), ElementsAre("column 2: 0=1 3=2", "memory_mb B: 0=5e+06"));
    EXPECT_THAT(recording.notes, ElementsAre(HasSubstr("4 values are none (NaN, infinite, null, n/a, -)")));
}

TEST(Csv, CommasAmongSemicolons) {
    EXPECT_THAT(told(read("time;a;b;c\n0;1,000;1,000;1.000\n1;0,5;1,000,000;1.5\n")),
                ElementsAre("a: 0=1 1=0.5", "b: 0=1000 1=1e+06", "c: 0=1 1=1.5"));
    const Recording recording = read("time;a;b\n0;1,000;1\n1;2;1.234,5\n2;2;1.000\n");
    EXPECT_THAT(told(recording), ElementsAre("b: 0=1 1=1234.5", "a: 1=2 2=2"));
    ASSERT_EQ(recording.unread.size(), 2u);
    EXPECT_THAT(recording.unread[0].problem, HasSubstr("'1,000' has a comma, and no other cell"));
    EXPECT_THAT(recording.unread[1].problem, HasSubstr("'1.000' has a point"));
    EXPECT_EQ(read("time;a\n0;1.2.3\n1;2\n2;1.2,3,4\n3;4\n").unread.at(0).values, 2u);
    EXPECT_THAT(refused("elapsed;a\n1,000;1\n2,000;2\n"), HasSubstr("it:2:1: '1,000' has a comma"));
    EXPECT_THAT(told(read("time;a\n2026-03-14 14:23:45,500;1\n2026-03-14 14:23:46.500;2\n")),
                ElementsAre("a: 0=1 1=2"));
}

TEST(Csv, Refused) {
    EXPECT_THAT(refused("time,a\n14:23:45,1\n2026-03-14 14:23:50,2\n"),
                HasSubstr("it:3:1: '2026-03-14 14:23:50' is another"));
    EXPECT_THAT(refused("time,a\n02:23:45 PM,1\n"), HasSubstr("it:2:1: 'PM' behind the time"));
    EXPECT_THAT(refused("connections,memory\n5,6\n"),
                HasSubstr("it:1:1: is taken for CSV, by its header, and has no column of times"));
    EXPECT_THAT(refused("time,a\n0,1\n1,2,3\n"), HasSubstr("it:3:1: has 3 cells, and the header has 2"));
    EXPECT_THAT(refused("time,a\n0,1\nlater,2\n"), HasSubstr("it:3:1: 'later' is no time"));
    EXPECT_THAT(refused("time,a\n0,\"1\n1,2\n"), HasSubstr("it:2:3: the quote is not closed"));
    EXPECT_THAT(refused("time,a\n0,\"1\"x\n"), HasSubstr("it:2:3: text follows the closing quote"));
    EXPECT_THAT(refused("time,a\n"), HasSubstr("holds no values"));
}

std::string answer(std::string_view result) {
    return fmt::format(R"({{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}})", result);
}

TEST(Prometheus, SeriesAndGaps) {
    const Recording recording =
        read(answer(R"({"metric":{"__name__":"up"},"values":[[10,"1"],[20.5,"NaN"],[30,"2.5e+00"]]},
                       {"metric":{"quantile":"0.99"},"values":[[10,"+Inf"],[30,"3"]]})") +
             "\n" + answer(R"({"metric":{"__name__":"rss","pod":"a"},"values":[[10,"5"],[40,"6"]]})"));
    EXPECT_THAT(told(recording),
                ElementsAre("up: 0=1 20=2.5", "{quantile=\"0.99\"}: 20=3", "rss{pod=\"a\"}: 0=5 30=6"));
    EXPECT_THAT(recording.notes,
                ElementsAre("2 values are none (NaN, infinite, null, n/a, -), and count as not recorded"));
}

TEST(Prometheus, AnswersWithoutANameAreToldApart) {
    const std::string first = answer(R"({"metric":{},"values":[[10,"1"],[20,"2"]]})");
    const std::string second = answer(R"({"metric":{},"values":[[10,"3"]]},{"metric":{"p":"a"},"values":[[10,"4"]]})");
    EXPECT_THAT(told(read(first + second)),
                ElementsAre("{}: 0=1 10=2", "{answer=\"2\"}: 0=3", "{p=\"a\",answer=\"2\"}: 0=4"));
}

TEST(Prometheus, ManyAnswersAreReadOnce) {
    std::string text;
    for (int i = 0; i < 20'000; ++i)  // quadratic, it takes minutes
        text += answer(fmt::format(R"({{"metric":{{"__name__":"c"}},"values":[[{},"1"]]}})", i)) + "\n";
    EXPECT_THAT(read(text).series.at(0).points.size(), 20'000u);
    EXPECT_THAT(refused(text + "\n oops"), HasSubstr("it:20002:2: is no JSON"));
}

TEST(Prometheus, Refused) {
    EXPECT_THAT(refused("{\"status\":\n  oops}"), HasSubstr("it:2:3: is no JSON from here on"));
    EXPECT_THAT(refused("{\"status\":\"success\""), HasSubstr("is no JSON from here on"));
    EXPECT_THAT(refused("{\"level\":\"info\"}"), HasSubstr("it:1:1: is JSON, but no answer of Prometheus"));
    EXPECT_THAT(refused(R"({"status":"error","errorType":"bad_data","error":"parse error"})"),
                HasSubstr("bad_data: parse error"));
    EXPECT_THAT(refused(R"({"status":"success","data":{"resultType":"vector","result":[]}})"),
                HasSubstr("'vector', which is one instant"));
    EXPECT_THAT(refused(answer(R"({"metric":{},"values":[[1,"2"],[2,3]]})")),
                HasSubstr("data.result[0].values[1]: expected [seconds since 1970, \"value\"]"));
    EXPECT_THAT(refused(answer("")), HasSubstr("holds no values"));
}

}  // namespace
}  // namespace squall::incident
