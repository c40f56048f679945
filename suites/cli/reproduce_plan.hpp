// Which incidents are played, and on what: all that can be known before anything is started.
#pragma once

#include <string>
#include <vector>

#include "suites/cli/commands.hpp"
#include "suites/cli/locate.hpp"

namespace squall::cli {

/// A server of an incident, and the scenario as it is played on it.
struct PlannedServer {
    IncidentServer server;
    Profile profile;
    Scenario scenario;
    std::string cannot;  ///< why an observed one is not played; empty: it is
};

struct PlannedIncident {
    LoadedScenario loaded;
    std::vector<PlannedServer> servers;
};

/// By number. What cannot be played as the incident says goes to `errors`, all of it.
std::vector<PlannedIncident> plan_incidents(const ReproduceArguments& arguments, std::vector<InputError>& errors);

}  // namespace squall::cli
