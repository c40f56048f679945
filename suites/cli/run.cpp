#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <optional>

#include "faults/core/capability.hpp"
#include "faults/core/clock.hpp"
#include "faults/core/files.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/namespace.hpp"
#include "suites/cli/commands.hpp"
#include "suites/cli/locate.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/progress.hpp"
#include "suites/report/report.hpp"
#include "suites/targets/reached.hpp"

namespace squall::cli {
namespace {

std::atomic<bool> interrupted = false;
extern "C" void on_signal(int) {
    interrupted = true;
}

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    // The second one ends squall at once; `squall heal` does the rest.
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
}

/// Namespaces need root, or a user namespace in which squall is root. It is entered while there is one thread.
Status gain_privilege(const Profile& profile) {
    if (!profile.launch || geteuid() == 0) return {};
    return kernel::become_root_in_user_namespace();
}

/// As somebody in the current directory would write it.
std::string shortest(const std::filesystem::path& path) {
    const auto near = path.lexically_proximate(std::filesystem::current_path()).string();
    return near.empty() || near.rfind("..", 0) == 0 ? path.string() : near;
}

std::vector<std::string> again(const RunArguments& arguments, const Scenario& scenario) {
    std::error_code ignored;  // without /proc, whoever reads it knows where squall is
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    std::vector<std::string> command{ignored ? "squall" : shortest(self), "run", shortest(scenario.file), "--seed",
                                     std::to_string(scenario.seed)};
    if (arguments.target != "reference-server") command.insert(command.end(), {"--target", arguments.target});
    for (const auto& capability : arguments.without)
        command.insert(command.end(), {"--without", capability});
    return command;
}

/// As a shell takes it.
std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        const bool plain = word.find_first_of(" \t\n'\"\\$`&|;<>()*?[]{}!#~") == std::string::npos && !word.empty();
        std::string quoted = word;
        for (std::size_t at = 0; !plain && (at = quoted.find('\'', at)) != std::string::npos; at += 4)
            quoted.replace(at, 1, "'\\''");
        text += (text.empty() ? "" : " ") + (plain ? word : "'" + quoted + "'");
    }
    return text;
}

Judgement one_finding(const char* name, Verdict verdict, const char* expected, const std::string& detail) {
    Finding finding{.name = name, .verdict = verdict, .expected = expected, .detail = detail};
    return {verdict, {std::move(finding)}};
}

/// What the scenario asks for and the target does not offer, before anything is started; empty: nothing.
std::string not_offered(const Scenario& scenario, const Profile& profile) {
    for (const auto& cohort : scenario.cohorts) {
        const bool sse = cohort.protocol == Protocol::sse;
        if (!(sse ? profile.sse_path : profile.websocket_path).empty()) continue;
        return fmt::format("cohort {} subscribes over {}, and the profile of {} has no section '{}'", cohort.name,
                           to_string(cohort.protocol), profile.name, to_string(cohort.protocol));
    }
    if (!takes_messages(profile)) return {};
    for (const auto& publisher : scenario.publishers) {
        const bool http = publisher.via == Protocol::sse;
        if (!(http ? profile.publish_path : profile.websocket_publish_path).empty()) continue;
        return fmt::format("publisher {} publishes over {}, and the profile of {} has no 'publish.{}'", publisher.name,
                           http ? "HTTP" : "WebSocket", profile.name, http ? "http" : "websocket");
    }
    return {};
}

/// Whatever a killed run left behind is put right before anything new is made.
Status heal_first(const std::filesystem::path& state) {
    for (const auto& outcome : heal_dead_runs(state)) {
        if (!outcome.status) {
            return Error{fmt::format("an earlier run ({}) left {} behind, and it could not be healed: {}",
                                     outcome.run_id, outcome.record.kind, outcome.status.error().message)};
        }
        note(fmt::format("healed what run {} had left behind: {}\n", outcome.run_id, outcome.record.kind));
    }
    return {};
}

report::RunResult play_one(const RunArguments& arguments, const LoadedScenario& loaded, Scenario scenario,
                           const Profile& profile, const PlayOptions& base, bool terminal, bool& shown) {
    PlayOptions options = base;
    options.command = again(arguments, scenario);
    report::RunResult result{scenario.name, "", joined(options.command), 0, {}};
    if (const auto lacks = not_offered(scenario, profile); !lacks.empty()) {
        result.judgement =
            one_finding("target", Verdict::inconclusive, "the target offers what the scenario uses", lacks);
        shown &= show(report::to_text(scenario, {}, result.judgement, "", "", isatty(STDOUT_FILENO) == 1) + "\n");
        return result;
    }
    const Nanos start = monotonic_now();
    Progress progress(terminal);
    auto played = play(scenario, loaded.text, profile, options, progress);
    progress.clear();
    result.seconds = to_seconds(monotonic_now() - start);
    History history;
    if (played) {
        history = std::move(played->history);
        result.directory = shortest(played->directory);
        result.judgement = std::move(played->judgement);
    } else if (played.error().system_error == EINTR) {
        result.judgement = one_finding("rig", Verdict::inconclusive, "the scenario is played", played.error().message);
    } else {
        result.judgement = one_finding("rig", Verdict::error, "the rig works", played.error().message);
    }
    shown &= show(report::to_text(scenario, history, result.judgement, result.directory, result.command,
                                  isatty(STDOUT_FILENO) == 1) +
                  "\n");
    return result;
}

int write_reports(const RunArguments& arguments, const std::vector<report::RunResult>& results) {
    const std::vector<std::pair<std::string, std::function<std::string()>>> wanted{
        {arguments.junit, [&] { return report::to_junit(results); }},
        {arguments.json, [&] { return report::to_json(results); }}};
    for (const auto& [file, text] : wanted) {
        if (file.empty()) continue;
        if (auto written = write_file(file, text()); !written) {
            note(fmt::format("squall: {}\n", written.error().message));
            return exit_code(Verdict::error);
        }
    }
    return 0;
}

}  // namespace

int run(const RunArguments& arguments) {
    ignore_closed_pipes();
    std::vector<InputError> errors;
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
    const auto profile = load_profile(arguments.target, errors);
    for (const auto& loaded : scenarios) {
        if (!profile) break;
        const auto refusals = refused(loaded.scenario, *profile);
        errors.insert(errors.end(), refusals.begin(), refusals.end());
    }
    if (errors.empty() && scenarios.empty()) {
        errors.push_back({arguments.filter, 0, 0, "--filter: no scenario has a name like this"});
    }
    for (const auto& capability : arguments.without) {
        const auto& known = probe_all();
        const bool exists =
            std::any_of(known.begin(), known.end(), [&](const Capability& c) { return c.key == capability; });
        if (!exists) {
            errors.push_back({capability, 0, 0, "--without: no such capability; `squall doctor` lists them"});
        }
    }
    if (!errors.empty()) {
        print(errors);
        return 2;
    }
    PlayOptions options;
    options.runs = arguments.runs;
    options.state = default_state_directory();  // before squall is root of a user namespace: it depends on who asks
    if (auto privileged = gain_privilege(*profile); !privileged) {
        note(fmt::format("squall: {}\n", privileged.error().message));
        return exit_code(Verdict::error);
    }
    options.without = {arguments.without.begin(), arguments.without.end()};
    options.interrupted = &interrupted;
    if (auto healed = heal_first(options.state); !healed) {
        note(fmt::format("squall: {}\n", healed.error().message));
        return exit_code(Verdict::error);
    }
    catch_signals();
    const bool terminal = isatty(STDERR_FILENO) == 1 && !arguments.plain;
    std::vector<report::RunResult> results;
    bool shown = true;
    for (unsigned round = 0; round < arguments.repeat; ++round) {
        for (const auto& loaded : scenarios) {
            Scenario scenario = loaded.scenario;
            set_seed(scenario, arguments.seed.value_or(scenario.seed) + round);
            if (!interrupted) {
                results.push_back(play_one(arguments, loaded, std::move(scenario), *profile, options, terminal, shown));
            } else {
                results.push_back(
                    {scenario.name, "", joined(again(arguments, scenario)), 0,
                     one_finding("rig", Verdict::inconclusive, "the scenario is played", "interrupted before it")});
            }
        }
    }
    if (results.size() > 1) shown &= show(report::table(results, isatty(STDOUT_FILENO) == 1));
    if (const int failed = write_reports(arguments, results)) return failed;
    return exit_code(shown ? report::worst(results) : Verdict::error);
}

}  // namespace squall::cli
