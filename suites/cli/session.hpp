// What every command that plays does around its plays: privilege, healing what killed runs left behind, signals.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "suites/engine/play.hpp"
#include "suites/report/report.hpp"

namespace squall::cli {

/// Mistakes in --protocol and --without go to `errors`.
std::optional<Protocol> chosen_protocol(const std::string& name, std::vector<InputError>& errors);
void check_without(const std::vector<std::string>& without, std::vector<InputError>& errors);

/// To be called once, while there is one thread: enters a user namespace where a target is to be launched and squall is
/// not root, heals what killed runs left, and catches signals. Error: the rig cannot be made ready.
Result<PlayOptions> begin_session(bool launches, const std::vector<std::string>& without);

bool interrupted();  ///< by a signal: nothing more is to be begun

/// Plays it. What kept it from being played is a finding, too. `directory` is as somebody in the current directory
/// would write it.
struct PlayedScenario {
    report::RunResult result;
    History history;
    bool no_target = false;  ///< it is not installed
};
PlayedScenario play_scenario(const Scenario& scenario, const std::string& text, const Profile& profile,
                             const PlayOptions& options, Observer& observer);
/// Of many plays one: with a line of progress on a terminal, unless `plain`, and silent in a log.
PlayedScenario play_one_of_many(const Scenario& scenario, const std::string& text, const Profile& profile,
                                const PlayOptions& options, bool plain);

/// Of the target, as the run's facts have it; empty: unknown.
std::string recorded_version(const History& history);

Judgement one_finding(const char* name, Verdict verdict, const char* expected, const std::string& detail);

std::string self();                                         ///< how squall is called
std::string shortest(const std::filesystem::path& path);    ///< seen from the current directory
std::string joined(const std::vector<std::string>& words);  ///< as a shell takes it

/// The command that plays this scenario as it is, seed and protocol included.
std::vector<std::string> command_of(const Scenario& scenario, const std::string& target,
                                    const std::vector<std::string>& without);

/// Before anything is played: reports in directories that are not there. `out` will be.
void check_reports(const std::vector<std::string>& files, const std::string& out, std::vector<InputError>& errors);

/// False: it could not be written, and that was said.
bool write_report(const std::string& file, const std::string& text);

}  // namespace squall::cli
