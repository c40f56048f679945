#include "suites/targets/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "faults/core/files.hpp"

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
                             self.string())};
}

/// `file` may be in a directory of its own.
Status write_rendered(const std::filesystem::path& file, const std::string& text) {
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error) return Error{fmt::format("make the directory of {}: {}", file.string(), error.message())};
    return write_file(file, text);
}

}  // namespace

Result<Command> build_command(const Launch& launch, Endpoint listen, const std::filesystem::path& directory,
                              const std::map<std::string, std::string>& told) {
    const auto endpoint = to_string(listen);
    const Placeholders placeholders{{"{address}", endpoint.substr(0, endpoint.find(':'))},
                                    {"{port}", std::to_string(listen.port)},
                                    {"{directory}", directory.string()}};
    Command command;
    for (const auto& argument : launch.command) {
        if (argument != "{settings}") {
            command.arguments.push_back(fill(argument, placeholders));
            continue;
        }
        for (const auto& [setting, value] : told) {
            command.arguments.push_back(fill(launch.settings.at(setting), {{"{}", value}}));
        }
    }
    auto program = find_program(command.arguments.front());
    if (!program) return program.error();
    command.arguments.front() = *program;
    for (const auto& [name, value] : launch.environment) {
        command.environment.push_back(name + "=" + fill(value, placeholders));
    }
    for (const auto& [name, text] : launch.files) {
        if (auto written = write_rendered(directory / name, fill(text, placeholders)); !written) return written.error();
    }
    return command;
}

}  // namespace squall
