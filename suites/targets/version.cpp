#include "suites/targets/version.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>
#include <sstream>

#include "faults/core/clock.hpp"
#include "faults/core/files.hpp"

namespace squall {
namespace {

constexpr Nanos command_deadline = 10 * nanos_per_second;
constexpr std::size_t version_bytes_max = 120;

/// The first line that says anything, as far as it can be printed.
std::string first_line(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    while (std::getline(lines, line)) {
        std::string printable;
        for (const char c : line.substr(0, version_bytes_max)) {
            if (c >= ' ' && c < 0x7f) printable += c;
        }
        if (printable.find_first_not_of(' ') != std::string::npos) return printable;
    }
    return {};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (auto& text : texts)
        all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

Result<int> wait_for(pid_t child, const std::string& what) {
    const Nanos until = monotonic_now() + command_deadline;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (monotonic_now() > until) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return Error{fmt::format("{}: no end after 10s", what)};
        }
        poll(nullptr, 0, 5);
    }
    return status;
}

/// What it prints, on either output. `file` takes it meanwhile.
Result<std::string> output_of(Command command, const std::filesystem::path& file) {
    const std::string what = fmt::format("run {}", fmt::join(command.arguments, " "));
    for (char** variable = environ; *variable != nullptr; ++variable)
        command.environment.emplace_back(*variable);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t child = 0;
    const int failed = posix_spawn(&child, command.arguments.front().c_str(), &actions, nullptr,
                                   pointers(command.arguments).data(), pointers(command.environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return Error{fmt::format("{}: {}", what, std::strerror(failed))};
    const auto status = wait_for(child, what);
    if (!status) return status.error();
    auto printed = read_file(file);
    if (printed && *status != 0) return Error{fmt::format("{}: it failed: {}", what, first_line(*printed))};
    return printed;
}

bool same_name(const std::string& a, const std::string& b) {
    return a.size() == b.size() && strcasecmp(a.c_str(), b.c_str()) == 0;
}

Result<std::string> member(const std::string& body, const std::string& names) {
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(body, error);
    if (error) return Error{"the answer is not JSON: " + error.message()};
    std::istringstream parts(names);
    for (std::string name; std::getline(parts, name, '.');) {
        const auto* found = value.is_object() ? value.as_object().if_contains(name) : nullptr;
        if (!found) return Error{fmt::format("the answer has no member '{}' (of {})", name, names)};
        boost::json::value below = *found;
        value = std::move(below);
    }
    if (value.is_string()) return std::string(value.as_string());
    return boost::json::serialize(value);
}

Result<std::string> in_answer(const VersionSource& source, const HttpAnswer& answer) {
    if (!source.json.empty()) return member(answer.body, source.json);
    for (const auto& [name, value] : answer.headers) {
        if (same_name(name, source.header)) return value;
    }
    return Error{fmt::format("the answer has no header {}", source.header)};
}

}  // namespace

Result<std::string> version_of(const Profile& profile, const Place& place,
                               const std::function<Result<HttpAnswer>(const std::string& path)>& get) {
    if (!profile.version) return std::string();
    const VersionSource& source = *profile.version;
    Result<std::string> said = std::string();
    if (!source.command.empty()) {
        auto command = build_other_command(profile.launch.value_or(Launch()), source.command, place);
        if (!command) return command.error();
        said = output_of(std::move(*command), place.directory / "version.txt");
    } else {
        const std::string& path = source.path.empty() ? profile.ready_path : source.path;
        const auto answer = get(path.empty() ? "/" : path);
        if (!answer) return answer.error();
        said = in_answer(source, *answer);
    }
    if (!said) return said;
    std::string line = first_line(*said);
    if (line.empty()) return Error{"nothing was said"};
    return line;
}

}  // namespace squall
