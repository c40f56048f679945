#include "suites/cli/session.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "faults/core/capability.hpp"
#include "faults/core/clock.hpp"
#include "faults/core/files.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/namespace.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/progress.hpp"
#include "suites/report/facts.hpp"

namespace squall::cli {
namespace {

std::atomic<bool> signalled = false;
extern "C" void on_signal(int) {
    signalled = true;
}

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    // The second one ends squall at once; `squall heal` does the rest.
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
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

}  // namespace

std::optional<Protocol> chosen_protocol(const std::string& name, std::vector<InputError>& errors) {
    for (const Protocol protocol : {Protocol::sse, Protocol::websocket}) {
        if (name == to_string(protocol)) return protocol;
    }
    if (!name.empty()) errors.push_back({name, 0, 0, "--protocol: expected sse or websocket"});
    return {};
}

void check_without(const std::vector<std::string>& without, std::vector<InputError>& errors) {
    for (const auto& capability : without) {
        const auto& known = probe_all();
        const bool exists =
            std::any_of(known.begin(), known.end(), [&](const Capability& c) { return c.key == capability; });
        if (exists) continue;
        errors.push_back({capability, 0, 0, "--without: no such capability; `squall doctor` lists them"});
    }
}

Result<PlayOptions> begin_session(bool launches, const std::vector<std::string>& without) {
    PlayOptions options;
    options.state = default_state_directory();  // before squall is root of a user namespace: it depends on who asks
    // Namespaces need root, or a user namespace in which squall is root.
    if (launches && geteuid() != 0) {
        if (auto privileged = kernel::become_root_in_user_namespace(); !privileged) return privileged.error();
    }
    options.without = {without.begin(), without.end()};
    options.interrupted = &signalled;
    if (auto healed = heal_first(options.state); !healed) return healed.error();
    catch_signals();
    return options;
}

bool interrupted() {
    return signalled;
}

PlayedScenario play_scenario(const Scenario& scenario, const std::string& text, const Profile& profile,
                             const PlayOptions& options, Observer& observer) {
    PlayedScenario outcome{{scenario.name, "", joined(options.command), 0, {}}, {}, false};
    const Nanos start = monotonic_now();
    auto played = play(scenario, text, profile, options, observer);
    outcome.result.seconds = to_seconds(monotonic_now() - start);
    if (played) {
        outcome.history = std::move(played->history);
        outcome.result.directory = shortest(played->directory);
        outcome.result.judgement = std::move(played->judgement);
        return outcome;
    }
    outcome.no_target = played.error().system_error == ENOEXEC;
    const bool cut_short = played.error().system_error == EINTR;
    outcome.result.judgement =
        cut_short ? one_finding("rig", Verdict::inconclusive, "the scenario is played", played.error().message)
                  : one_finding("rig", Verdict::error, "the rig works", played.error().message);
    return outcome;
}

PlayedScenario play_one_of_many(const Scenario& scenario, const std::string& text, const Profile& profile,
                                const PlayOptions& options, bool plain) {
    Observer silent;
    if (plain || isatty(STDERR_FILENO) != 1) return play_scenario(scenario, text, profile, options, silent);
    Progress progress(true);
    return play_scenario(scenario, text, profile, options, progress);
}

Judgement one_finding(const char* name, Verdict verdict, const char* expected, const std::string& detail) {
    Finding finding{.name = name, .verdict = verdict, .expected = expected, .detail = detail};
    return {verdict, {std::move(finding)}};
}

std::string recorded_version(const History& history) {
    const auto* target = history.facts().if_contains("target");
    const auto* version = target && target->is_object() ? target->get_object().if_contains("version") : nullptr;
    return version && version->is_string() ? std::string(version->get_string()) : "";
}

std::string self() {
    static const std::string self = [] {
        std::error_code ignored;  // without /proc, whoever reads it knows where squall is
        const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
        return ignored ? "squall" : shortest(program);
    }();
    return self;
}

std::string shortest(const std::filesystem::path& path) {
    const auto near = path.lexically_proximate(std::filesystem::current_path()).string();
    return near.empty() || near.rfind("..", 0) == 0 ? path.string() : near;
}

std::string joined(const std::vector<std::string>& words) {
    return report::shell_line(words);
}

std::vector<std::string> command_of(const Scenario& scenario, const std::string& target,
                                    const std::vector<std::string>& without) {
    std::vector<std::string> command{self(), "run", shortest(scenario.file), "--seed", std::to_string(scenario.seed)};
    if (has_any_protocol(scenario)) {
        for (const auto& cohort : scenario.cohorts) {
            if (!cohort.any_protocol) continue;
            command.insert(command.end(), {"--protocol", std::string(to_string(cohort.protocol))});
            break;
        }
    }
    if (target != "reference-server") command.insert(command.end(), {"--target", target});
    for (const auto& capability : without)
        command.insert(command.end(), {"--without", capability});
    return command;
}

void check_reports(const std::vector<std::string>& files, const std::string& out, std::vector<InputError>& errors) {
    namespace fs = std::filesystem;
    for (const auto& file : files) {
        std::error_code unknown;  // then writing says why
        if (file.empty() || fs::exists(file, unknown)) continue;
        const auto directory = fs::absolute(file).lexically_normal().parent_path();
        if (fs::is_directory(directory, unknown) || directory == fs::absolute(out).lexically_normal()) continue;
        errors.push_back({file, 0, 0, fmt::format("cannot be written: there is no directory {}", directory.string())});
    }
}

bool write_report(const std::string& file, const std::string& text) {
    auto written = write_file(file, text);
    if (!written) note(fmt::format("squall: {}\n", written.error().message));
    return static_cast<bool>(written);
}

}  // namespace squall::cli
