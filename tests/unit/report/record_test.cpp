// The record of an incident beside its replay, as text, JSON and HTML.
#include "suites/report/record.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "suites/report/report.hpp"
#include "tests/unit/invariants/played_run.hpp"

namespace squall::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The record begins with the phase pressure, at 4 s.
struct ReplayedRun : PlayedRun {
    ReplayedRun() {
        scenario.record = Record{"trace.log", 2, {}, {}};
        record("memory", "max(target.memory)", {{0, 200 << 20}, {8, 400 << 20}}, 0.1);
        record("tail", "p95(event_loop.lag)", {{0, 0.1}, {8, 0.3}}, 1);
        gauge("target.memory", 0, 12000 * ms, 40 << 20);
    }
    void record(const std::string& name, const std::string& measure, std::vector<RecordedPoint> points, double scale) {
        const ParsedMeasurement parsed = parse_measurement(measure, names_of(scenario));
        ASSERT_TRUE(parsed.measurement);
        scenario.record->series.push_back(
            {name, *parsed.measurement, parsed.dimension, false, scale, std::move(points)});
    }
    std::string page() const { return to_html(scenario, history, judge(scenario, history), ""); }
};

TEST(RecordOfAnIncident, IsATable) {
    const ReplayedRun run;
    EXPECT_EQ(record_table(run.scenario, run.history),
              "  record: trace.log, 2 recorded seconds a second\n"
              "    series  recorded × scale     replayed              factor  shape\n"
              "    memory  20MiB to 40MiB       40MiB                   1.41      ?  shape: fewer than 5 instants\n"
              "    tail    100ms to 300ms       none                       ?      ?  the replay has samples at 0 of 2 "
              "instants\n"
              "    all                                                 37.61\n");
}

TEST(RecordOfAnIncident, IsJson) {
    const ReplayedRun run;
    const auto json = record_json(run.scenario, run.history);
    EXPECT_EQ(json.at("zero_ns"), 4000 * ms);
    const auto& memory = json.at("series").at(0);
    EXPECT_EQ(memory.at("measure"), "max(target.memory)");
    EXPECT_EQ(memory.at("recorded").at("min").as_double(), 20 << 20);
    EXPECT_NEAR(memory.at("factor").as_double(), 1.4142, 1e-4);
    EXPECT_TRUE(memory.at("rank_correlation").is_null());
    EXPECT_TRUE(json.at("series").at(1).at("replayed").is_null());
}

TEST(RecordOfAnIncident, IsDrawnOverItsReplay) {
    const auto html = ReplayedRun().page();
    EXPECT_THAT(html, HasSubstr("id=\"record\""));
    EXPECT_THAT(html, HasSubstr("<b>memory</b> <small>× 0.1</small>"));
    EXPECT_THAT(html, HasSubstr("id=\"plot-record-1\""));
    EXPECT_THAT(html, HasSubstr("&#160;recorded × 0.1 <small>"));
    // What was not measured is drawn as it was recorded.
    EXPECT_THAT(html, HasSubstr("id=\"plot-record-2\""));
    EXPECT_LT(html.find("id=\"record\""), html.find("id=\"plots\""));
}

/// The replay of a server that dies early still shows where the record went.
TEST(RecordOfAnIncident, IsDrawnAsFarAsTheRunGoes) {
    ReplayedRun run;
    run.scenario.record->series.resize(1);
    run.scenario.record->series[0].points = {{0, 200 << 20}, {32, 400 << 20}};  // at 4 s and 20 s; the run ends at 12.1 s
    EXPECT_THAT(run.page(), HasSubstr("<td class=\"n\">30.1MiB</td>"));
}

TEST(RecordOfAnIncident, IsNotThereWithoutOne) {
    const PlayedRun run;
    EXPECT_EQ(record_table(run.scenario, run.history), "");
    EXPECT_TRUE(record_json(run.scenario, run.history).is_null());
    EXPECT_THAT(to_html(run.scenario, run.history, judge(run.scenario, run.history), ""),
                Not(HasSubstr("id=\"record\"")));
}

TEST(RecordOfAnIncident, CannotBeComparedWithWhatWasNotPlayed) {
    ReplayedRun run;
    run.history = {};
    EXPECT_THAT(record_table(run.scenario, run.history), HasSubstr("cannot be compared: 'pressure' was not played"));
    EXPECT_TRUE(record_json(run.scenario, run.history).at("zero_ns").is_null());
    EXPECT_THAT(run.page(), HasSubstr("They cannot be compared: &#39;pressure&#39; was not played."));
}

TEST(RecordOfAnIncident, IsText) {
    ReplayedRun run;
    const std::string hostile = "</script><img src=x onerror=alert(1)>\"'`&";
    run.scenario.record->source = hostile;
    for (auto& series : run.scenario.record->series)
        series.name = hostile;
    EXPECT_THAT(run.page(), Not(HasSubstr("<img")));
}

}  // namespace
}  // namespace squall::report
