#include "suites/engine/run_directory.hpp"

#include <fmt/format.h>

#include "faults/core/files.hpp"

namespace squall {
namespace {

Result<Scenario> load_scenario(const std::filesystem::path& file) {
    const auto text = read_file(file);
    if (!text) return text.error();
    auto parsed = parse_scenario(*text, file.string(), all_faults());
    if (parsed.scenario) return std::move(*parsed.scenario);
    std::string message;
    for (const auto& error : parsed.errors)
        message += (message.empty() ? "" : "\n") + to_string(error);
    return Error{message};
}

Protocol protocol_of(const boost::json::value& name) {
    return name.as_string() == to_string(Protocol::sse) ? Protocol::sse : Protocol::websocket;
}

/// May throw what Boost.JSON throws for a value of another type.
void apply_facts(const boost::json::object& facts, Scenario& scenario) {
    if (const auto* seed = facts.if_contains("seed")) set_seed(scenario, seed->to_number<std::uint64_t>());
    if (const auto* chosen = facts.if_contains("chosen_protocol")) {
        const auto& protocols = chosen->as_object();
        choose_protocol(scenario, protocol_of(protocols.at("subscribe")), protocol_of(protocols.at("publish")));
    }
    const auto* settings = facts.if_contains("settings");
    if (!settings) return;
    scenario.settings.clear();
    for (const auto& [name, value] : settings->as_object())
        scenario.settings.emplace(std::string(name), std::string(value.as_string()));
}

}  // namespace

Result<SavedRun> load_run(const std::filesystem::path& directory, const std::filesystem::path& scenario_file) {
    const auto own = directory / "scenario.yaml";
    if (!std::filesystem::exists(own)) {
        return Error{fmt::format("{} is not a run directory: it holds no scenario.yaml", directory.string())};
    }
    auto scenario = load_scenario(own);
    if (!scenario) return scenario.error();
    if (!scenario_file.empty()) {
        // What was played stays what it was: faults, cohorts and limits are the run's own.
        auto other = load_scenario(scenario_file);
        if (!other) return other.error();
        scenario->invariants = std::move(other->invariants);
    }
    auto history = History::load(directory);
    if (!history) return history.error();
    try {
        apply_facts(history->facts(), *scenario);
    } catch (const std::exception& error) {
        return Error{fmt::format("{}: seed or settings are not as squall writes them: {}",
                                 (directory / "facts.json").string(), error.what())};
    }
    return SavedRun{std::move(*scenario), std::move(*history)};
}

}  // namespace squall
