#include "suites/cli/incident.hpp"

#include "suites/cli/options.hpp"

namespace squall::cli {
namespace {

void add_import(CLI::App& incident, IncidentImportArguments& arguments, int& code) {
    auto* command = incident.add_subcommand("import", "Make a scenario of what was recorded of an incident");
    command->add_option("file", arguments.file, "Log lines, answers to Prometheus range queries (JSON), or CSV")
        ->required();
    several(command->add_option(
        "--map", arguments.map,
        "'NAME=WORD': what the record calls so is this; NAME=ignore: it is nothing; 'NAME*': all that begin so; may be "
        "given several times"));
    command->add_option("--scale", arguments.scale,
                        "1:50: one connection for fifty; default: the least that fits one machine");
    command->add_option("--speed", arguments.speed,
                        "4x: four recorded seconds a second; default: 1x, or what ends within two minutes");
    command->add_option("--output", arguments.output,
                        "Where the scenario goes; default: NAME.yaml, after the file. A file that is there is not "
                        "replaced");
    command->callback([&] { code = incident_import(arguments); });
}

void add_fit(CLI::App& incident, IncidentFitArguments& arguments, int& code) {
    auto* fit = incident.add_subcommand("fit", "Search for what the record of an incident does not determine");
    fit->add_option("scenario", arguments.scenario, "A scenario whose record has free parameters")->required();
    add_target(*fit, arguments.target);
    fit->add_option("--runs", arguments.runs, "Plays at most so often")
        ->check(CLI::Range(std::size_t{3}, std::size_t{1000}))
        ->capture_default_str();
    fit->add_option("--seed", arguments.seed, "Overrides the scenario's; every run has the same");
    add_protocol(*fit, arguments.protocol);
    add_runs(*fit, arguments.out);
    fit->add_option("--output", arguments.output,
                    "Where the scenario with the best values goes; default: NAME-fitted.yaml. A file that is there is "
                    "not replaced");
    add_without(*fit, arguments.without);
    fit->add_flag("--plain", arguments.plain, "Plain progress lines even on a terminal");
    fit->callback([&] { code = incident_fit(arguments); });
}

}  // namespace

void add_incident(CLI::App& app, IncidentArguments& arguments, int& code) {
    auto* incident =
        app.add_subcommand("incident", "Make a scenario of the record of an incident, and hold it to that");
    incident->require_subcommand(1);
    add_import(*incident, arguments.importing, code);
    add_fit(*incident, arguments.fit, code);
}

}  // namespace squall::cli
