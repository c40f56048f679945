// The record of an incident: what can be read becomes a scenario without mistakes, or it is said why not.
#include <algorithm>
#include <cmath>

#include "suites/incident/listing.hpp"
#include "suites/incident/scenario_text.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/incident/replay_faults.hpp"

namespace squall::fuzz {

using namespace incident;

void fuzz(std::string_view input) {
    const ReadRecording read = read_recording(input, "fuzzed");
    REQUIRE(read.recording.has_value() == read.errors.empty());
    for (const InputError& error : read.errors)
        REQUIRE(!error.message.empty() && error.line >= 1 && error.column >= 1);
    if (!read.recording) return;

    const Recording& recording = *read.recording;
    REQUIRE(!recording.series.empty() && recording.length_s > 0);
    for (const Series& series : recording.series) {
        REQUIRE(!series.points.empty());
        double last = -1;
        for (const Point& point : series.points) {
            REQUIRE(point.at_s > last && point.at_s <= recording.length_s);
            REQUIRE(std::isfinite(point.value) && point.value >= 0);
            last = point.at_s;
        }
    }
    const auto recognition = recognise(recording, "fuzzed", {});
    REQUIRE(recognition.has_value());
    const auto plan = plan_replay(recording, *recognition, {});
    if (!plan) return REQUIRE(!plan.error().message.empty());
    REQUIRE(!to_listing(*plan, recording, *recognition).empty());
    static const std::vector<Fault> faults = replay_faults();
    const std::string text = to_scenario(*plan, *recognition, {"fuzzed.log", "fuzzed"});
    const auto parsed = parse_scenario(text, "fuzzed.yaml", faults);
    for (const InputError& error : parsed.errors)
        std::fprintf(stderr, "%s\n", to_string(error).c_str());
    REQUIRE(parsed.scenario.has_value());
    if (!parsed.scenario->record) return;
    for (const FreeParameter& free : parsed.scenario->record->free) {
        for (const double end : {free.from, free.to}) {
            const auto edited = with_free_values(text, {{free.what, end}});
            REQUIRE(edited.has_value() && parse_scenario(*edited, "fuzzed.yaml", faults).scenario.has_value());
        }
    }
}

}  // namespace squall::fuzz
