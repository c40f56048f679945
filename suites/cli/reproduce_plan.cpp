#include "suites/cli/reproduce_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "suites/targets/offered.hpp"
#include "suites/targets/reached.hpp"

namespace squall::cli {
namespace {

std::vector<LoadedScenario> load_incidents(const ReproduceArguments& arguments, std::vector<InputError>& errors) {
    std::vector<LoadedScenario> incidents;
    for (const auto& what : arguments.all ? std::vector<std::string>{"incidents"} : arguments.incidents) {
        const auto files = find_scenarios(what);
        if (!files) {
            errors.push_back({what, 0, 0, files.error().message});
            continue;
        }
        for (auto& loaded : load_scenarios(*files, errors)) {
            if (loaded.scenario.incident) {
                incidents.push_back(std::move(loaded));
            } else {
                errors.push_back({loaded.scenario.file, 0, 0,
                                  "is no incident: it has no section 'incident'; `squall run` plays it"});
            }
        }
    }
    std::stable_sort(incidents.begin(), incidents.end(), [](const LoadedScenario& a, const LoadedScenario& b) {
        return a.scenario.incident->number < b.scenario.incident->number;
    });
    return incidents;
}

/// What keeps the scenario from being played on this target, of which that is known before.
std::string obstacle(const Scenario& scenario, const Profile& profile) {
    if (auto lacks = not_offered(scenario, profile); !lacks.empty()) return lacks;
    if (auto problem = too_long(scenario, profile); !problem.empty()) return problem;
    const auto refusals = refused(scenario, profile);
    return refusals.empty() ? "" : refusals.front().message;
}

void plan_server(const Scenario& scenario, const IncidentServer& server, PlannedIncident& incident,
                 std::vector<InputError>& errors) {
    const auto mistake = [&](const std::string& message) {
        errors.push_back({scenario.file, server.line, 1, fmt::format("incident: server {}: {}", server.name, message)});
    };
    auto profile = load_profile(server.target, errors);
    if (!profile) return;
    if (!server.flaw.empty()) {
        const auto program = find_flaw(server.flaw);
        if (!program) return mistake("flaw: " + program.error().message);
        profile->name = server.flaw;
        profile->launch->command.front() = program->string();
    }
    PlannedServer planned{server, std::move(*profile), scenario, ""};
    for (const auto& [setting, value] : server.settings)
        planned.scenario.settings[setting] = value;
    choose_protocol(planned.scenario, planned.profile, {});
    planned.cannot = obstacle(planned.scenario, planned.profile);
    const bool expected = server.is != IncidentServer::Is::observed;
    if (!planned.cannot.empty() && expected) return mistake(planned.cannot);
    incident.servers.push_back(std::move(planned));
}

}  // namespace

std::vector<PlannedIncident> plan_incidents(const ReproduceArguments& arguments, std::vector<InputError>& errors) {
    std::vector<PlannedIncident> incidents;
    std::set<std::string> names;
    for (auto& loaded : load_incidents(arguments, errors)) {
        PlannedIncident incident{std::move(loaded), {}};
        const Scenario& scenario = incident.loaded.scenario;
        for (const auto& server : scenario.incident->servers) {
            names.insert(server.name);
            const bool wanted = arguments.server.empty() || arguments.server == server.name;
            if (wanted) plan_server(scenario, server, incident, errors);
        }
        if (!incident.servers.empty()) incidents.push_back(std::move(incident));  // another one has the --server
    }
    if (!arguments.server.empty() && names.count(arguments.server) == 0 && errors.empty()) {
        errors.push_back(
            {arguments.server, 0, 0, fmt::format("--server: none is called so; there are {}", fmt::join(names, ", "))});
    }
    return incidents;
}

}  // namespace squall::cli
