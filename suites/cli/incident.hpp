// `squall incident …`: what is done with the record of an incident of one's own.
#pragma once

#include "suites/cli/commands.hpp"

namespace CLI {
class App;
}

namespace squall::cli {

struct IncidentArguments {
    IncidentImportArguments importing;
    IncidentFitArguments fit;
};

void add_incident(CLI::App& app, IncidentArguments& arguments, int& code);

}  // namespace squall::cli
