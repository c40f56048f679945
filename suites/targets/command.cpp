#include "suites/targets/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "faults/core/files.hpp"
#include "faults/core/units.hpp"

namespace squall {
namespace {

using Placeholders = std::vector<std::pair<std::string, std::string>>;

std::string fill(std::string text, const Placeholders& placeholders) {
    for (const auto& [name, value] : placeholders) {
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += value.size()) {
            text.replace(at, name.size(), value);
        }
    }
    return text;
}

Placeholders placeholders_of(const Place& place) {
    const auto endpoint = to_string(place.listen);
    return {{"{address}", endpoint.substr(0, endpoint.find(':'))},
            {"{port}", std::to_string(place.listen.port)},
            {"{directory}", place.directory.string()},
            {"{here}", place.here.string()},
            {"{cache}", cache_directory().string()}};
}

/// How a setting is told: its value as the scenario has it, or as a plain number of a unit.
Result<std::string> tell(const std::string& setting, const std::string& text, const std::string& value) {
    struct Unit {
        const char* placeholder;
        Dimension dimension;
        double base;
    };
    constexpr Unit units[] = {
        {"{ms}", dimension::time, 1e-3}, {"{s}", dimension::time, 1}, {"{bytes}", dimension::bytes, 1}};
    Placeholders placeholders{{"{}", value}};
    for (const Unit& unit : units) {
        if (text.find(unit.placeholder) == std::string::npos) continue;
        const auto quantity = parse_quantity(value);
        if (!quantity || quantity->dimension != unit.dimension) {
            return Error{fmt::format("tell the target {}: {}: '{}' is not {}; the profile asks for {}", setting, value,
                                     value, describe_dimension(unit.dimension), unit.placeholder)};
        }
        // Shortest that reads back: 500ms is 0.5 s, whatever the target makes of it.
        placeholders.emplace_back(unit.placeholder, fmt::format("{}", quantity->value / unit.base));
    }
    return fill(text, placeholders);
}

Result<std::vector<std::string>> tell_all(const Launch& launch, const std::map<std::string, std::string>& told) {
    std::vector<std::string> all;
    for (const auto& [setting, value] : told) {
        auto one = tell(setting, launch.settings.at(setting), value);
        if (!one) return one.error();
        all.push_back(std::move(*one));
    }
    return all;
}

bool executable(const std::filesystem::path& file) {
    return access(file.c_str(), X_OK) == 0;
}

Result<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    std::error_code ignored;  // without /proc there is only PATH
    const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
    std::vector<std::filesystem::path> places{self};
    std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
    for (std::string place; std::getline(path, place, ':');)
        places.emplace_back(place);
    for (const auto& place : places) {
        const auto file = place / name;
        if (executable(file) && std::filesystem::is_regular_file(file, ignored))
            return file.lexically_normal().string();
    }
    return Error{fmt::format("find the target's program '{}': it is neither beside squall ({}) nor in PATH", name,
                             self.string()),
                 ENOEXEC};
}

/// `file` may be in a directory of its own.
Status write_rendered(const std::filesystem::path& file, const std::string& text) {
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error) return Error{fmt::format("make the directory of {}: {}", file.string(), error.message())};
    return write_file(file, text);
}

}  // namespace

std::filesystem::path cache_directory() {
    const auto set = [](const char* name) {
        const char* value = std::getenv(name);
        return std::filesystem::path(value ? value : "");
    };
    const auto cache = set("XDG_CACHE_HOME");
    return (cache.empty() ? set("HOME") / ".cache" : cache) / "squall";
}

Result<Command> build_other_command(const Launch& launch, const std::vector<std::string>& command, const Place& place) {
    Launch other;
    other.command = command;
    other.environment = launch.environment;
    return build_command(other, place, {});
}

Result<Command> build_command(const Launch& launch, const Place& place,
                              const std::map<std::string, std::string>& told) {
    Placeholders placeholders = placeholders_of(place);
    const auto settings = tell_all(launch, told);
    if (!settings) return settings.error();
    Command command;
    for (const auto& argument : launch.command) {
        if (argument == "{settings}") {
            command.arguments.insert(command.arguments.end(), settings->begin(), settings->end());
        } else {
            command.arguments.push_back(fill(argument, placeholders));
        }
    }
    auto program = find_program(command.arguments.front());
    if (!program) return program.error();
    command.arguments.front() = *program;
    for (const auto& [name, value] : launch.environment) {
        command.environment.push_back(name + "=" + fill(value, placeholders));
    }
    placeholders.emplace_back("{settings}", fmt::format("{}", fmt::join(*settings, "\n")));
    for (const auto& [name, text] : launch.files) {
        auto written = write_rendered(place.directory / name, fill(text, placeholders));
        if (!written) return written.error();
    }
    return command;
}

}  // namespace squall
