// squall incident fit: plays a scenario with other values of its free parameters until the replay is like the record.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include <map>

#include "suites/cli/commands.hpp"
#include "suites/cli/locate.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/progress.hpp"
#include "suites/cli/session.hpp"
#include "suites/invariants/fit.hpp"
#include "suites/invariants/replay.hpp"
#include "suites/targets/offered.hpp"
#include "suites/targets/reached.hpp"

namespace squall::cli {
namespace {

namespace fs = std::filesystem;

struct Given {
    LoadedScenario loaded;
    Profile profile;
    std::optional<Protocol> protocol;
    fs::path output;
};

/// Whatever is searched for has to be a scenario at both ends of its range.
void check_ends(const LoadedScenario& loaded, const std::string& file, std::vector<InputError>& errors) {
    for (const FreeParameter& free : loaded.scenario.record->free) {
        for (const double end : {free.from, free.to}) {
            const auto edited = with_free_values(loaded.text, {{free.what, end}});
            if (!edited) return errors.push_back({file, 0, 0, edited.error().message});
            for (InputError& error : parse_scenario(*edited, file, all_faults()).errors) {
                error.message =
                    fmt::format("with {} at {}: {}", to_string(free.what), written(free.what, end), error.message);
                errors.push_back(std::move(error));
            }
        }
    }
}

/// Everything that is wrong goes to `errors`.
std::optional<Given> checked(const IncidentFitArguments& arguments, std::vector<InputError>& errors) {
    auto profile = load_profile(arguments.target, errors);
    const auto protocol = chosen_protocol(arguments.protocol, errors);
    check_without(arguments.without, errors);
    auto loaded = load_scenarios({arguments.scenario}, errors);
    const fs::path output =
        !arguments.output.empty() ? fs::path(arguments.output) : fs::path(arguments.scenario).stem() += "-fitted.yaml";
    std::error_code ignored;  // what cannot be looked at cannot be written either, which is said then
    if (fs::exists(output, ignored))
        errors.push_back({output.string(), 0, 0, "--output: is there already; name another file"});
    if (loaded.empty() || !profile) return std::nullopt;
    Scenario scenario = loaded.front().scenario;
    if (!scenario.record || scenario.record->free.empty()) {
        errors.push_back(
            {arguments.scenario, 0, 0, "has no free parameters (record.free): there is nothing to be fitted"});
    } else {
        check_ends(loaded.front(), arguments.scenario, errors);
    }
    const auto refusals = refused(scenario, *profile);
    errors.insert(errors.end(), refusals.begin(), refusals.end());
    choose_protocol(scenario, *profile, protocol);
    if (const auto lacks = not_offered(scenario, *profile); !lacks.empty())
        errors.push_back({arguments.target, 0, 0, "does not offer what the scenario uses: " + lacks});
    return Given{std::move(loaded.front()), std::move(*profile), protocol, output};
}

std::string in_words(const std::optional<double>& factor) {
    return factor ? fmt::format("{:.2f}", *factor) : "?";
}

std::string columns(const std::vector<FreeValue>& values) {
    std::string text;
    for (const FreeValue& value : values)
        text += fmt::format("  {:<12}", written(value.what, value.value));
    return text;
}

std::vector<std::string> command_of(const IncidentFitArguments& arguments) {
    std::vector<std::string> command{
        self(), "incident", "fit", arguments.scenario, "--runs", std::to_string(arguments.runs)};
    if (arguments.target != "reference-server") command.insert(command.end(), {"--target", arguments.target});
    if (arguments.seed) command.insert(command.end(), {"--seed", std::to_string(*arguments.seed)});
    if (!arguments.protocol.empty()) command.insert(command.end(), {"--protocol", arguments.protocol});
    for (const auto& capability : arguments.without)
        command.insert(command.end(), {"--without", capability});
    return command;
}

/// Plays what the search asks for, once each: other values can come to the same scenario, whole connections as they
/// are.
class Trials {
public:
    Trials(const Given& given, const IncidentFitArguments& arguments, PlayOptions options)
        : given_(given), arguments_(arguments), options_(std::move(options)) {
        options_.runs = arguments.out;
        options_.command = command_of(arguments);
    }

    /// Error: the rig failed, or was interrupted (EINTR).
    Status run(FitSearch& search) {
        while (played_ < arguments_.runs) {
            const auto values = search.next();
            if (!values) break;
            auto text = with_free_values(given_.loaded.text, *values);
            if (!text) return text.error();
            const auto known = factors_.find(*text);
            if (search.trials().size() >= 2 && known != factors_.end()) {
                search.tell(known->second);
                continue;
            }
            const auto factor = play(*text, *values);
            if (!factor) return factor.error();
            if (auto& told = factors_[*text]; !told) told = *factor;  // of two that are the same one may tell nothing
            search.tell(*factor);
        }
        return {};
    }

    bool shown() const { return shown_; }

private:
    /// The factor; nothing where nothing can be told.
    Result<std::optional<double>> play(const std::string& text, const std::vector<FreeValue>& values) {
        if (interrupted()) return Error{"interrupted", EINTR};
        auto parsed = parse_scenario(text, given_.loaded.scenario.file, all_faults());
        if (!parsed.scenario) return Error{to_string(parsed.errors.front())};
        Scenario& scenario = *parsed.scenario;
        set_seed(scenario, arguments_.seed.value_or(scenario.seed));
        choose_protocol(scenario, given_.profile, given_.protocol);
        const bool terminal = isatty(STDERR_FILENO) == 1 && !arguments_.plain;
        PlayedScenario played;
        {
            Progress progress(terminal);
            played = play_scenario(scenario, text, given_.profile, options_, progress);
        }
        ++played_;
        if (interrupted()) return Error{"interrupted", EINTR};
        const auto& findings = played.result.judgement.findings;
        const auto broken = std::find_if(findings.begin(), findings.end(),
                                         [](const Finding& finding) { return finding.verdict == Verdict::error; });
        if (broken != findings.end()) return Error{broken->name + ": " + broken->detail};
        auto factor = compare_with_record(scenario, played.history).factor();
        // What the rig could not carry says more of the rig than of these values.
        if (played.result.judgement.verdict == Verdict::inconclusive) factor.reset();
        shown_ &= show(fmt::format("{:>5}{}  {:>7}  {:<12}  {}\n", played_, columns(values), in_words(factor),
                                   to_string(played.result.judgement.verdict), played.result.directory));
        return factor;
    }

    const Given& given_;
    const IncidentFitArguments& arguments_;
    PlayOptions options_;
    std::map<std::string, std::optional<double>> factors_;  ///< by the scenario's text
    std::size_t played_ = 0;
    bool shown_ = true;
};

std::string head(const Record& record) {
    std::string text = "trial";
    for (const FreeParameter& free : record.free)
        text += fmt::format("  {:<12}", to_string(free.what));
    return text + fmt::format("  {:>7}  {:<12}  {}\n", "factor", "verdict", "run");
}

std::string in_words(const FreeParameter& free, double best, const FitSearch::Verdict& verdict, double noise) {
    const auto words = [&](double value) { return written(free.what, value); };
    std::string text = fmt::format("  {:<12} {:<12} ", to_string(free.what), words(best));
    if (!verdict.tried) return text + "undetermined: no trial tells of it; allow for more runs\n";
    if (verdict.matters) {
        text += fmt::format("matters: by itself it changed the factor {:.2f}-fold", verdict.effect);
    } else {
        text += fmt::format("undetermined: by itself it changed the factor {:.2f}-fold, less than {:.2f}",
                            verdict.effect, noise);
    }
    if (words(verdict.low) != words(verdict.high))
        text += fmt::format("; {} to {} was as good", words(verdict.low), words(verdict.high));
    constexpr double near = 1.01;
    if (verdict.matters && (best < free.from * near || best > free.to / near))
        text += "; it is at the end of its range, and may lie beyond";
    return text + "\n";
}

std::string summary(const Record& record, const FitSearch& search) {
    std::string text = fmt::format(
        "factor {:.2f} at the best values, {} at those of the scenario; less than {:.2f}-fold "
        "is noise (the first two trials are the same)\n",
        search.best_factor().value(), in_words(search.trials().front().factor), search.noise());
    const auto best = search.best();
    const auto verdicts = search.verdicts();
    for (std::size_t n = 0; n < record.free.size(); ++n)
        text += in_words(record.free[n], best[n].value, verdicts[n], search.noise());
    return text;
}

}  // namespace

int incident_fit(const IncidentFitArguments& arguments) {
    ignore_closed_pipes();
    std::vector<InputError> errors;
    const auto given = checked(arguments, errors);
    if (!errors.empty()) {
        print(errors);
        return 2;
    }
    auto session = begin_session(given->profile.launch.has_value(), arguments.without);
    if (!session) return refuse(session.error().message, exit_code(Verdict::error));
    const Record& record = given->loaded.scenario.record.value();
    FitSearch search(record.free);
    Trials trials(*given, arguments, std::move(*session));
    bool shown = show(head(record));
    const Status done = trials.run(search);
    if (!done) note(fmt::format("squall: {}\n", done.error().message));
    const bool broken_off = !done && done.error().system_error == EINTR;
    if (search.trials().size() < 2) return exit_code(broken_off ? Verdict::inconclusive : Verdict::error);
    if (!search.best_factor()) {
        note(
            "squall: no trial can be compared with the record (its server was gone at once, or the rig could not tell: "
            "see the runs), so that nothing was fitted, and nothing is written\n");
        return exit_code(done || broken_off ? Verdict::inconclusive : Verdict::error);
    }
    shown &= show(summary(record, search));
    const auto fitted = with_free_values(given->loaded.text, search.best());
    if (!fitted || !write_report(given->output, *fitted)) return exit_code(Verdict::error);
    shown &= show(fmt::format("{}\n", given->output.string()));
    if (broken_off) return exit_code(Verdict::inconclusive);
    return done && trials.shown() && shown ? 0 : exit_code(Verdict::error);
}

}  // namespace squall::cli
