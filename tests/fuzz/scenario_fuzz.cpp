// A scenario: a file of at most 1 MiB gives a scenario within its limits, or mistakes that say where they are.
#include <algorithm>

#include "suites/model/timeline.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/unit/model/scenario_faults.hpp"

namespace squall::fuzz {

void fuzz(std::string_view input) {
    static const std::vector<Fault> faults = test_faults();
    const ParsedScenario parsed = parse_scenario(input, "fuzzed.yaml", faults);
    REQUIRE(parsed.scenario.has_value() == parsed.errors.empty());
    const auto lines = static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n')) + 1;
    for (const InputError& error : parsed.errors) {
        REQUIRE(!error.message.empty());
        REQUIRE(error.line >= 1 && error.column >= 1 && error.line <= lines + 1);
    }
    if (!parsed.scenario) return;

    const Scenario& scenario = *parsed.scenario;
    REQUIRE(scenario.cohorts.size() <= 64 && scenario.publishers.size() <= 64 && scenario.phases.size() <= 64);
    std::uint64_t connections = 0;
    for (const Cohort& cohort : scenario.cohorts)
        connections += cohort.connections;
    REQUIRE(connections <= 1'000'000);
    const std::vector<Step> steps = timeline(scenario);
    REQUIRE(std::is_sorted(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at < b.at; }));
    REQUIRE(!steps.empty() && steps.front().at >= 0);
    if (!scenario.record) return;
    for (const FreeParameter& free : scenario.record->free) {
        const auto edited = with_free_values(input, {{free.what, free.to}});
        if (!edited) continue;
        const ParsedScenario again = parse_scenario(*edited, "edited.yaml", faults);
        REQUIRE(!again.scenario || again.scenario->record->free.size() == scenario.record->free.size());
    }
}

}  // namespace squall::fuzz
