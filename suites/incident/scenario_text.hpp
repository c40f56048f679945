// The plan as a scenario: YAML that parse_scenario() takes, with comments that say what was recorded and what was
// chosen, and the record itself.
#pragma once

#include "suites/incident/plan.hpp"

namespace squall::incident {

struct Source {
    std::string file;  ///< as `record.source`
    std::string name;  ///< of the scenario; kebab-case
};
/// "Broadcast 2026_03.log" → "broadcast-2026-03": a scenario's name.
std::string scenario_name(std::string_view file);

std::string to_scenario(const Plan& plan, const Recognition& recognition, const Source& source);

}  // namespace squall::incident
