// What makes a scenario a production incident.
#include <fmt/format.h>

#include <algorithm>

#include "suites/model/scenario_parts.hpp"
#include "suites/model/suggest.hpp"

namespace squall {

std::string_view to_string(IncidentServer::Is is) {
    switch (is) {
        case IncidentServer::Is::flawed:
            return "flawed";
        case IncidentServer::Is::mended:
            return "mended";
        case IncidentServer::Is::observed:
            return "observed";
    }
    return "?";
}

namespace scenario_parts {
namespace {

using Is = IncidentServer::Is;

/// Null, and noted: no invariant is called so.
const InvariantUse* invariant_named(Section& section, std::string_view key, const std::string& name,
                                    const Scenario& scenario) {
    if (name.empty()) return nullptr;  // noted
    const auto found = std::find_if(scenario.invariants.begin(), scenario.invariants.end(),
                                    [&](const InvariantUse& invariant) { return invariant.name == name; });
    if (found != scenario.invariants.end()) return &*found;
    section.mistake(
        key, fmt::format("there is no invariant named '{}'{}", name, did_you_mean(name, names(scenario.invariants))));
    return nullptr;
}

IncidentServer read_server(Section& section, Mistakes& mistakes, const Scenario& scenario) {
    IncidentServer server;
    const std::string reference = server.target;
    section.read("name", server.name);
    std::size_t is = 3;
    section.read_choice("is", is);
    const bool known = is < 3;  // otherwise it has been noted, and what belongs to it cannot be known
    if (known) server.is = static_cast<Is>(is);
    section.read("target", server.target);
    section.read("flaw", server.flaw);
    section.read("fails", server.fails);
    section.read("note", server.note);
    server.settings = read_settings(section, mistakes, "the server's settings");
    section.belongs("flaw", server.target == reference, "target: " + reference);
    if (known) section.belongs("fails", server.is == Is::flawed, "is: flawed", true);
    const InvariantUse* fails = invariant_named(section, "fails", server.fails, scenario);
    if (fails != nullptr && fails->requirement == Requirement::informational) {
        section.mistake("fails", fmt::format("'{}' is informational, and fails no run; expected one that requires "
                                             "something",
                                             server.fails));
    }
    return server;
}

void read_servers(Section& section, Mistakes& mistakes, const Scenario& scenario, Incident& incident) {
    for (const YAML::Node& node : section.list("servers", limits::servers)) {
        Section server(mistakes, node, incident_server_keys(), "a server");
        IncidentServer read = read_server(server, mistakes, scenario);
        read.line = static_cast<std::size_t>(node.Mark().line) + 1;
        note_duplicate(server, read.name, names(incident.servers));
        incident.servers.push_back(std::move(read));
    }
    for (const Is is : {Is::flawed, Is::mended}) {
        const bool there = std::any_of(incident.servers.begin(), incident.servers.end(),
                                       [is](const IncidentServer& server) { return server.is == is; });
        if (!there && !incident.servers.empty()) {
            section.mistake("servers",
                            fmt::format("none is {0}; an incident has one 'is: {0}' at least", to_string(is)));
        }
    }
}

}  // namespace

void read_incident(Section& file, Mistakes& mistakes, Scenario& scenario) {
    if (!file.has("incident")) return;
    Section section(mistakes, file.at("incident"), incident_keys(), "an incident");
    Incident& incident = scenario.incident.emplace();
    section.read("number", incident.number);
    section.read("story", incident.story);
    section.read_texts("sources", incident.sources);
    section.read("scale", incident.scale);
    read_servers(section, mistakes, scenario, incident);
    for (const YAML::Node& node : section.list("figures", limits::figures)) {
        Section figure(mistakes, node, incident_figure_keys(), "a figure");
        IncidentFigure read;
        figure.read("figure", read.figure);
        figure.read("reported", read.reported);
        figure.read("invariant", read.invariant);
        invariant_named(figure, "invariant", read.invariant, scenario);
        incident.figures.push_back(std::move(read));
    }
}

}  // namespace scenario_parts
}  // namespace squall
