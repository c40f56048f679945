#include "suites/cli/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "faults/core/files.hpp"
#include "faults/core/journal.hpp"
#include "suites/cli/locate.hpp"
#include "suites/cli/output.hpp"
#include "suites/engine/run_directory.hpp"
#include "suites/report/report.hpp"
#include "suites/targets/reached.hpp"

namespace squall::cli {
namespace {

void list_faults() {
    fmt::print("faults (squall explain NAME)\n");
    for (const auto& fault : all_faults())
        fmt::print("  {:<22} {}\n", fault.name, fault.summary);
}

void list_metrics() {
    fmt::print("metrics (squall explain NAME)\n");
    for (const auto& metric : all_metrics())
        fmt::print("  {:<28} {}\n", metric.name, metric.doc);
}

int list_scenarios() {
    fmt::print("scenarios (squall run NAME, squall explain NAME)\n");
    std::vector<InputError> errors;
    const auto files = find_scenarios((share_directory() / "catalogue").string());
    if (!files) return refuse(files.error().message, 4);
    for (const auto& loaded : load_scenarios(*files, errors)) {
        fmt::print("  {:<28} {}\n", loaded.scenario.name, loaded.scenario.summary);
    }
    print(errors);
    return errors.empty() ? 0 : 2;
}

void list_profiles() {
    fmt::print("targets (squall run … --target NAME)\n");
    std::vector<InputError> errors;
    for (const auto& entry : std::filesystem::directory_iterator(share_directory() / "profiles")) {
        if (const auto profile = load_profile(entry.path().string(), errors)) {
            fmt::print("  {:<22} {}\n", profile->name, profile->summary);
        }
    }
    print(errors);
}

}  // namespace

int validate(const std::vector<std::string>& wanted, const std::string& target) {
    std::vector<InputError> errors;
    const auto profile = load_profile(target, errors);
    std::size_t valid = 0;
    for (const auto& what : wanted) {
        const auto files = find_scenarios(what);
        if (!files) {
            errors.push_back({what, 0, 0, files.error().message});
            continue;
        }
        std::vector<std::filesystem::path> scenarios;
        for (const auto& file : *files) {
            if (is_profile(file)) {
                const std::size_t before = errors.size();
                load_profile(file.string(), errors);
                valid += errors.size() == before;
            } else {
                scenarios.push_back(file);
            }
        }
        for (const auto& loaded : load_scenarios(scenarios, errors)) {
            const std::size_t before = errors.size();
            if (loaded.scenario.incident) {
                for (const auto& server : loaded.scenario.incident->servers)
                    load_profile(server.target, errors);
            }
            const auto refusals = profile ? refused(loaded.scenario, *profile) : std::vector<InputError>();
            errors.insert(errors.end(), refusals.begin(), refusals.end());
            valid += errors.size() == before;
        }
    }
    print(errors);
    fmt::print("{} valid, {} mistakes\n", valid, errors.size());
    return errors.empty() ? 0 : 2;
}

int list(const std::string& what) {
    const bool all = what.empty();
    if (all || what == "faults") list_faults();
    if (all || what == "metrics") list_metrics();
    if (all || what == "targets") list_profiles();
    return all || what == "scenarios" ? list_scenarios() : 0;
}

int judge(const std::string& directory, const std::string& scenario, const std::string& json) {
    auto run = load_run(directory, scenario);
    if (!run) return refuse(run.error().message, 2);
    const auto judgement = squall::judge(run->scenario, run->history);
    const bool shown =
        show(report::to_text(run->scenario, run->history, judgement, directory, "", isatty(STDOUT_FILENO) == 1));
    if (!json.empty()) {
        if (auto written = write_file(json, report::to_json(run->scenario, run->history, judgement)); !written) {
            return refuse(written.error().message, exit_code(Verdict::error));
        }
    }
    return shown ? exit_code(judgement.verdict) : exit_code(Verdict::error);
}

int heal() {
    ignore_closed_pipes();
    const auto state = default_state_directory();
    const auto outcomes = heal_dead_runs(state);
    bool failed = false;
    std::string text = outcomes.empty() ? fmt::format("nothing to heal in {}\n", state.string()) : "";
    for (const auto& outcome : outcomes) {
        std::string arguments;
        for (const auto& [name, value] : outcome.record.arguments)
            arguments += fmt::format(" {}={}", name, value);
        text += fmt::format("{}: {}{}: {}\n", outcome.run_id, outcome.record.kind, arguments,
                            outcome.status ? "healed" : outcome.status.error().message);
        failed = failed || !outcome.status;
    }
    return failed || !show(text) ? exit_code(Verdict::error) : 0;
}

int schema() {
    fmt::print("{}", scenario_schema(all_faults()));
    return 0;
}

}  // namespace squall::cli
