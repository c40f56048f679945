// The parts of a scenario file, each read by its own function; what is wrong goes to the mistakes, and whatever could
// be read is kept, so that the parts that refer to it do not complain as well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suites/model/scenario.hpp"
#include "suites/model/scenario_reader.hpp"

namespace squall::scenario_parts {

void read_target(Section& file, Mistakes& mistakes, Scenario& scenario);
void read_cohorts(Section& file, Mistakes& mistakes, Scenario& scenario);
void read_publishers(Section& file, Mistakes& mistakes, Scenario& scenario);  ///< after the phases
void read_phases(Section& file, Mistakes& mistakes, Scenario& scenario, const std::vector<Fault>& faults);
void read_invariants(Section& file, Mistakes& mistakes, Scenario& scenario);  ///< after all that has a name
void read_certify(Section& file, Mistakes& mistakes, Scenario& scenario);
void read_incident(Section& file, Mistakes& mistakes, Scenario& scenario);  ///< after the invariants
void read_record(Section& file, Mistakes& mistakes, Scenario& scenario);    ///< after the cohorts and settings
void read_catches(Section& file, Mistakes& mistakes, Scenario& scenario);   ///< after the invariants

/// The section's key "settings", as written; `what`: of the settings, for messages.
std::map<std::string, std::string> read_settings(Section& section, Mistakes& mistakes, std::string what);

/// Notes `name`, read from the section's key "name", when `earlier` has it.
void note_duplicate(Section& section, const std::string& name, const std::vector<std::string>& earlier);

template <class T>
std::vector<std::string> names(const std::vector<T>& all) {
    std::vector<std::string> names;
    for (const T& each : all) {
        if (!each.name.empty()) names.push_back(each.name);
    }
    return names;
}

/// When an expression's window lies behind the run's end, or reaches beyond it; "" when it can be judged.
std::string window_problem(const Expression& expression, const Scenario& scenario, const Names& names);

/// What is drawn from a scenario's seed for one purpose.
std::uint64_t drawn_seed(std::uint64_t seed, std::string_view purpose);

}  // namespace squall::scenario_parts
