#include "suites/engine/run_directory.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return system_failure("read " + file.string(), errno);
    std::ostringstream text;
    text << stream.rdbuf();
    if (stream.bad()) return system_failure("read " + file.string(), errno);
    return text.str();
}

Status write_file(const std::filesystem::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (!stream) return system_failure("write " + file.string(), errno, "is the disk full?");
    return {};
}

Result<SavedRun> load_run(const std::filesystem::path& directory, const std::filesystem::path& scenario_file) {
    const auto own = directory / "scenario.yaml";
    if (!std::filesystem::exists(own)) {
        return Error{fmt::format("{} is not a run directory: it holds no scenario.yaml", directory.string())};
    }
    const auto file = scenario_file.empty() ? own : scenario_file;
    const auto text = read_file(file);
    if (!text) return text.error();
    auto parsed = parse_scenario(*text, file.string(), all_faults());
    if (!parsed.scenario) {
        std::string message;
        for (const auto& error : parsed.errors)
            message += (message.empty() ? "" : "\n") + to_string(error);
        return Error{message};
    }
    auto history = History::load(directory);
    if (!history) return history.error();

    SavedRun run{std::move(*parsed.scenario), std::move(*history)};
    const auto& facts = run.history.facts();
    if (const auto* seed = facts.if_contains("seed")) set_seed(run.scenario, seed->to_number<std::uint64_t>());
    if (const auto* settings = facts.if_contains("settings")) {
        run.scenario.settings.clear();
        for (const auto& [name, value] : settings->as_object()) {
            run.scenario.settings.emplace(std::string(name), std::string(value.as_string()));
        }
    }
    return run;
}

}  // namespace squall
