#include "squall/gtest.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "faults/core/journal.hpp"
#include "faults/kernel/namespace.hpp"
#include "suites/cli/locate.hpp"
#include "suites/engine/play.hpp"
#include "suites/report/report.hpp"
#include "suites/targets/offered.hpp"
#include "suites/targets/reached.hpp"

namespace squall::gtest {
namespace {

Outcome outcome_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return Outcome::pass;
        case Verdict::inconclusive:
            return Outcome::inconclusive;
        case Verdict::fail:
            return Outcome::fail;
        case Verdict::error:
            return Outcome::error;
    }
    return Outcome::error;
}

void refuse(const std::vector<InputError>& errors) {
    if (errors.empty()) return;
    std::string text;
    for (const auto& error : errors)
        text += (text.empty() ? "" : "\n") + to_string(error);
    throw std::invalid_argument(text);
}

template <class R>
void require(const R& result) {
    if (!result) throw std::runtime_error(result.error().message);
}

cli::LoadedScenario the_scenario(const std::string& what, std::vector<InputError>& errors) {
    const auto files = cli::find_scenarios(what);
    if (!files) throw std::invalid_argument(files.error().message);
    if (files->size() != 1) {
        throw std::invalid_argument(fmt::format("{}: {} scenarios, and a play takes one", what, files->size()));
    }
    auto loaded = cli::load_scenarios(*files, errors);
    return loaded.empty() ? cli::LoadedScenario{} : std::move(loaded.front());
}

/// Namespaces need root, or a user namespace in which this process is root.
void make_ready(const Profile& profile, const std::filesystem::path& state) {
    if (profile.launch && geteuid() != 0) require(kernel::become_root_in_user_namespace());
    for (const auto& outcome : heal_dead_runs(state))
        require(outcome.status);
}

}  // namespace

struct Played::Record {
    Scenario scenario;
    History history;
    Judgement judgement;
    std::string directory, report;
};

const char* to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::pass:
            return "pass";
        case Outcome::inconclusive:
            return "inconclusive";
        case Outcome::fail:
            return "fail";
        case Outcome::error:
            return "error";
    }
    return "";
}

Outcome Played::outcome() const {
    return outcome_of(record_->judgement.verdict);
}

const std::string& Played::report() const {
    return record_->report;
}

const std::string& Played::directory() const {
    return record_->directory;
}

Judged Played::judge(const std::string& invariant) const {
    Scenario scenario = record_->scenario;
    auto parsed = parse_expression(invariant, names_of(scenario));
    std::string mistakes;
    for (const auto& error : parsed.errors)
        mistakes += fmt::format("{}column {}: {}", mistakes.empty() ? "" : "\n", error.column + 1, error.message);
    if (!parsed.expression) throw std::invalid_argument(fmt::format("{}\n{}", invariant, mistakes));
    scenario.invariants = {{.name = invariant, .expression = std::move(*parsed.expression)}};
    const Finding finding = squall::judge(scenario, record_->history).findings.at(0);  // the invariants' come first
    return {outcome_of(finding.verdict), report::finding_line(finding, false)};
}

Played play(const Request& request) {
    std::vector<InputError> errors;
    auto loaded = the_scenario(request.scenario, errors);
    const auto profile = cli::load_profile(request.target, errors);
    refuse(errors);
    choose_protocol(loaded.scenario, *profile, {});
    if (const auto lacks = not_offered(loaded.scenario, *profile); !lacks.empty()) throw std::invalid_argument(lacks);
    refuse(refused(loaded.scenario, *profile));
    if (request.seed) set_seed(loaded.scenario, *request.seed);
    PlayOptions options;
    options.runs = request.runs;
    options.state = default_state_directory();
    make_ready(*profile, options.state);
    options.command = {"squall",   "run",         request.scenario, "--seed", std::to_string(loaded.scenario.seed),
                       "--target", request.target};
    Observer nobody;  // GoogleTest shows what came of it
    auto played = squall::play(loaded.scenario, loaded.text, *profile, options, nobody);
    require(played);
    auto record = std::make_shared<Played::Record>();
    record->report =
        report::to_text(loaded.scenario, played->history, played->judgement, played->directory.string(), "", false);
    record->scenario = std::move(loaded.scenario);
    record->history = std::move(played->history);
    record->judgement = std::move(played->judgement);
    record->directory = played->directory.string();
    return Played(std::move(record));
}

}  // namespace squall::gtest
