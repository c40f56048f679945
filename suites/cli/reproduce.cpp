// squall reproduce: incidents, played on the servers that they name, and held against what they say.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "suites/cli/commands.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/reproduce_plan.hpp"
#include "suites/cli/session.hpp"
#include "suites/report/incident.hpp"

namespace squall::cli {
namespace {

using report::IncidentResult;
using report::Outcome;
using report::ServerResult;

std::vector<std::string> command_of(const ReproduceArguments& arguments, const Scenario& scenario,
                                    const std::string& server) {
    std::vector<std::string> command{self(), "reproduce", shortest(scenario.file), "--seed",
                                     std::to_string(scenario.seed)};
    if (!server.empty()) command.insert(command.end(), {"--server", server});
    for (const auto& capability : arguments.without)
        command.insert(command.end(), {"--without", capability});
    return command;
}

class Reproduction {
public:
    Reproduction(const ReproduceArguments& arguments, PlayOptions session)
        : arguments_(arguments), options_(std::move(session)) {
        options_.runs = arguments.runs;
    }

    IncidentResult play(const PlannedIncident& incident, unsigned round);

private:
    ServerResult play(const PlannedIncident& incident, const PlannedServer& planned, unsigned round);
    void play_once(const PlannedIncident& incident, const PlannedServer& planned, const Scenario& scenario,
                   ServerResult& result);

    const ReproduceArguments& arguments_;
    PlayOptions options_;
};

void Reproduction::play_once(const PlannedIncident& incident, const PlannedServer& planned, const Scenario& scenario,
                             ServerResult& result) {
    auto played = play_one_of_many(scenario, incident.loaded.text, planned.profile, options_, arguments_.plain);
    result.version = recorded_version(played.history);
    result.run = std::move(played.result);
    // Only what is installed can be looked at.
    if (planned.server.is == IncidentServer::Is::observed && played.no_target) {
        auto& judgement = result.run.judgement;
        judgement.verdict = judgement.findings.front().verdict = Verdict::inconclusive;
    }
    report::settle(result);
}

ServerResult Reproduction::play(const PlannedIncident& incident, const PlannedServer& planned, unsigned round) {
    Scenario scenario = planned.scenario;
    set_seed(scenario, arguments_.seed.value_or(scenario.seed) + round);
    options_.command = command_of(arguments_, scenario, planned.server.name);
    ServerResult result;
    result.server = planned.server;
    const std::string cannot = interrupted() ? "interrupted before it" : planned.cannot;
    if (!cannot.empty()) {
        result.run = {scenario.name, "", joined(options_.command), 0,
                      one_finding("rig", Verdict::inconclusive, "the scenario is played", cannot)};
        report::settle(result);
        return result;
    }
    play_once(incident, planned, scenario, result);
    // What could not be told is looked at once more before it is believed.
    if (result.outcome == Outcome::inconclusive && !result.run.directory.empty() && !interrupted()) {
        const auto earlier = result.run;
        play_once(incident, planned, scenario, result);
        result.earlier_runs.push_back(earlier.directory);
        result.run.seconds += earlier.seconds;
    }
    return result;
}

IncidentResult Reproduction::play(const PlannedIncident& incident, unsigned round) {
    const Scenario& scenario = incident.loaded.scenario;
    IncidentResult result{scenario.name, scenario.summary, *scenario.incident, {}};
    for (const auto& planned : incident.servers) {
        auto& server = result.servers.emplace_back(play(incident, planned, round));
        const bool cut_short = interrupted() && server.run.judgement.verdict == Verdict::inconclusive;
        if (cut_short && server.outcome == Outcome::observed) {
            server.outcome = Outcome::inconclusive;
            server.reason = "interrupted";
        }
    }
    return result;
}

}  // namespace

int reproduce(const ReproduceArguments& arguments) {
    ignore_closed_pipes();
    std::vector<InputError> errors;
    const auto incidents = plan_incidents(arguments, errors);
    check_without(arguments.without, errors);
    check_reports({arguments.junit, arguments.json}, arguments.runs, errors);
    if (std::filesystem::path(arguments.html).extension() == ".html")
        errors.push_back({arguments.html, 0, 0, "--html: several runs do not fit in one file; name a directory"});
    if (!errors.empty()) {
        print(errors);
        return 2;
    }
    const bool launches = std::any_of(incidents.begin(), incidents.end(), [](const PlannedIncident& incident) {
        return std::any_of(incident.servers.begin(), incident.servers.end(),
                           [](const PlannedServer& planned) { return planned.profile.launch.has_value(); });
    });
    const auto session = begin_session(launches, arguments.without);
    if (!session) return refuse(session.error().message, exit_code(Verdict::error));
    Reproduction reproduction(arguments, *session);
    const bool colour = isatty(STDOUT_FILENO) == 1;
    std::vector<IncidentResult> results;
    bool good = true;
    for (unsigned round = 0; round < arguments.repeat; ++round) {
        for (const auto& incident : incidents) {
            results.push_back(reproduction.play(incident, round));
            Scenario scenario = incident.loaded.scenario;
            set_seed(scenario, arguments.seed.value_or(scenario.seed) + round);
            const auto again = joined(command_of(arguments, scenario, arguments.server));
            good &= show(report::to_text(results.back(), again, colour) + "\n");
        }
    }
    if (results.size() > 1) good &= show(report::table(results, colour));
    good &= arguments.junit.empty() || write_report(arguments.junit, report::to_junit(results));
    good &= arguments.json.empty() || write_report(arguments.json, report::to_json(results));
    const Outcome worst = report::worst(results);
    if (const int failed =
            report_played(report::runs_of(results), to_string(worst), report::to_verdict(worst), arguments.html, ""))
        return failed;
    return good ? report::exit_code(worst) : exit_code(Verdict::error);
}

}  // namespace squall::cli
