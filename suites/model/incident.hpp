// What makes a scenario a production incident: docs/reference/scenario.md#incident.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace squall {

/// A server that the incident is played on, and what is expected of it.
struct IncidentServer {
    enum class Is {
        flawed,    ///< as it was: the run fails, by the invariant `fails`
        mended,    ///< as it was mended: the run passes
        observed,  ///< played and shown; nothing is expected of it
    };
    std::string name;  ///< unique in the incident
    Is is = Is::flawed;
    std::string target = "reference-server";      ///< a profile: a file, or a name
    std::string flaw;                             ///< a mutant of the reference server; empty: the target as it is
    std::map<std::string, std::string> settings;  ///< over the scenario's
    std::string fails;                            ///< of a flawed one: the invariant that would have paged somebody
    std::string note;                             ///< what it is; may be empty
    std::size_t line = 0;                         ///< in the scenario's file, from 1
};
std::string_view to_string(IncidentServer::Is is);

/// A figure of the incident as it was reported; what the replay has in its place is what an invariant measures.
struct IncidentFigure {
    std::string figure;
    std::string reported;
    std::string invariant;
};

struct Incident {
    std::uint32_t number = 0;  ///< its place in lists
    std::string story;
    std::vector<std::string> sources;
    std::string scale;                    ///< at which it is replayed, and why that keeps the mechanism
    std::vector<IncidentServer> servers;  ///< in the order in which they are played; one is flawed, one mended at least
    std::vector<IncidentFigure> figures;
};

}  // namespace squall
