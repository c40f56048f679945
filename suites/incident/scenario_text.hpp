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

/// For people: what was recognised and what was not, what happened, what was decided and by what.
std::string to_listing(const Plan& plan, const Recording& recording, const Recognition& recognition);

}  // namespace squall::incident
