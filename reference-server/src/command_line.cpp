#include "reference-server/src/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace squall::reference {
namespace {

std::string flag_name(std::string_view setting) {
    std::string name = "--" + std::string(setting);
    std::replace(name.begin() + 2, name.end(), '_', '-');
    return name;
}

std::vector<std::string> apply_file(Config& config, const std::string& path, Origins& origins) {
    std::ifstream file(path);
    std::stringstream document;
    document << file.rdbuf();
    if (!file) return {fmt::format("{}: cannot be read", path)};
    return apply_yaml(config, document.str(), path, origins);
}

}  // namespace

std::variant<Config, int> read_command_line(int argc, const char* const* argv) {
    CLI::App app{"squall-reference-server: pushes published messages over SSE and WebSocket, with bounded delivery."};
    app.footer("Endpoints: GET /events?topic=T, GET /ws?topic=T, POST /publish?topic=T, /metrics, /healthz, /readyz.");
    app.set_version_flag("--version", "squall-reference-server " SQUALL_VERSION);
    Config config;
    std::string file;
    app.add_option("--config", file, "YAML file of settings; a key is a flag's name with _ for -")->type_name("FILE");
    std::map<std::string_view, std::string> given;
    for (const Setting& setting : settings()) {
        app.add_option_function<std::string>(
               flag_name(setting.name), [&given, &setting](const std::string& text) { given[setting.name] = text; },
               fmt::format("{}\n  [{}] {}", setting.meaning, value_text(config, setting), range_text(setting)))
            ->type_name("");
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }

    std::vector<std::string> mistakes;
    Origins origins;
    if (!file.empty()) mistakes = apply_file(config, file, origins);
    for (const auto& [name, text] : given) {
        const std::string problem = assign(config, *find_setting(name), text);
        origins[std::string(name)] = flag_name(name);
        if (!problem.empty())
            mistakes.push_back(fmt::format("{}: '{}' is not possible here: {}", flag_name(name), text, problem));
    }
    for (std::string& mistake : check_combinations(config, origins))
        mistakes.push_back(std::move(mistake));
    if (mistakes.empty()) return config;
    for (const std::string& mistake : mistakes)
        fmt::print(stderr, "{}\n", mistake);
    return 2;
}

}  // namespace squall::reference
