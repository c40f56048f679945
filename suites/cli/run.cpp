#include <fmt/format.h>
#include <unistd.h>

#include "suites/cli/commands.hpp"
#include "suites/cli/locate.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/progress.hpp"
#include "suites/cli/session.hpp"
#include "suites/targets/offered.hpp"
#include "suites/targets/reached.hpp"

namespace squall::cli {
namespace {

report::RunResult play_one(const LoadedScenario& loaded, const Scenario& scenario, const Profile& profile,
                           const PlayOptions& options, bool terminal, bool& shown) {
    PlayedScenario played{{scenario.name, "", joined(options.command), 0, {}}, {}};
    if (const auto lacks = not_offered(scenario, profile); !lacks.empty()) {
        played.result.command.clear();
        played.result.judgement =
            one_finding("target", Verdict::inconclusive, "the target offers what the scenario uses", lacks);
    } else {
        Progress progress(terminal);
        played = play_scenario(scenario, loaded.text, profile, options, progress);
    }
    shown &= show(report::to_text(scenario, played.history, played.result.judgement, played.result.directory,
                                  played.result.command, isatty(STDOUT_FILENO) == 1) +
                  "\n");
    played.result.command = joined(options.command);
    return std::move(played.result);
}

std::vector<LoadedScenario> wanted(const RunArguments& arguments, const std::optional<Profile>& profile,
                                   std::vector<InputError>& errors) {
    std::vector<LoadedScenario> scenarios;
    for (const auto& what : arguments.scenarios) {
        const auto files = find_scenarios(what);
        if (!files) {
            errors.push_back({what, 0, 0, files.error().message});
            continue;
        }
        for (auto& loaded : load_scenarios(*files, errors)) {
            if (matches(arguments.filter, loaded.scenario.name)) scenarios.push_back(std::move(loaded));
        }
    }
    for (const auto& loaded : scenarios) {
        if (!profile) break;
        const auto refusals = refused(loaded.scenario, *profile);
        errors.insert(errors.end(), refusals.begin(), refusals.end());
    }
    if (errors.empty() && scenarios.empty()) {
        errors.push_back({arguments.filter, 0, 0, "--filter: no scenario has a name like this"});
    }
    if (std::filesystem::path(arguments.html).extension() == ".html" && scenarios.size() * arguments.repeat > 1)
        errors.push_back({arguments.html, 0, 0, "--html: several runs do not fit in one file; name a directory"});
    return scenarios;
}

}  // namespace

int run(const RunArguments& arguments) {
    ignore_closed_pipes();
    std::vector<InputError> errors;
    const auto profile = load_profile(arguments.target, errors);
    const auto protocol = chosen_protocol(arguments.protocol, errors);
    const auto scenarios = wanted(arguments, profile, errors);
    check_without(arguments.without, errors);
    check_reports({arguments.junit, arguments.json}, arguments.runs, errors);
    if (!errors.empty()) {
        print(errors);
        return 2;
    }
    auto session = begin_session(profile->launch.has_value(), arguments.without);
    if (!session) return refuse(session.error().message, exit_code(Verdict::error));
    PlayOptions options = std::move(*session);
    options.runs = arguments.runs;
    const bool terminal = isatty(STDERR_FILENO) == 1 && !arguments.plain;
    std::vector<report::RunResult> results;
    bool shown = true;
    for (unsigned round = 0; round < arguments.repeat; ++round) {
        for (const auto& loaded : scenarios) {
            Scenario scenario = loaded.scenario;
            set_seed(scenario, arguments.seed.value_or(scenario.seed) + round);
            choose_protocol(scenario, *profile, protocol);
            options.command = command_of(scenario, arguments.target, arguments.without);
            if (!interrupted()) {
                results.push_back(play_one(loaded, scenario, *profile, options, terminal, shown));
            } else {
                results.push_back(
                    {scenario.name, "", joined(options.command), 0,
                     one_finding("rig", Verdict::inconclusive, "the scenario is played", "interrupted before it")});
            }
        }
    }
    if (results.size() > 1) shown &= show(report::table(results, isatty(STDOUT_FILENO) == 1));
    const bool written = (arguments.junit.empty() || write_report(arguments.junit, report::to_junit(results))) &&
                         (arguments.json.empty() || write_report(arguments.json, report::to_json(results)));
    const Verdict worst = report::worst(results);
    if (const int failed = report_played(results, to_string(worst), worst, arguments.html, arguments.markdown))
        return failed;
    return exit_code(shown && written ? worst : Verdict::error);
}

}  // namespace squall::cli
