// Where scenarios and profiles are found, and how they are read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "suites/targets/profile.hpp"

namespace squall::cli {

struct LoadedScenario {
    Scenario scenario;
    std::string text;
};

/// $SQUALL_SHARE, else share/squall under the prefix that squall is installed in, else the source tree it was built
/// from.
std::filesystem::path share_directory();

/// A file; every *.yaml under a directory, sorted; or a name: a suite ("core") or a scenario of the catalogue.
/// Error: nothing is there.
Result<std::vector<std::filesystem::path>> find_scenarios(const std::string& what);

/// Mistakes go to `errors`, all of them; what could be read is returned.
std::vector<LoadedScenario> load_scenarios(const std::vector<std::filesystem::path>& files,
                                           std::vector<InputError>& errors);

/// A file, or the name of a profile in suites/profiles. Mistakes go to `errors`.
std::optional<Profile> load_profile(const std::string& what, std::vector<InputError>& errors);

/// The program of the reference server's mutant: mutants/NAME beside squall in a build tree,
/// libexec/squall/mutants/NAME under the prefix that squall is installed in. Error: it is in neither; says how it is
/// built.
Result<std::filesystem::path> find_flaw(const std::string& name);

/// A file that says where a server is or how it is started, which no scenario does. One that cannot be read is none.
bool is_profile(const std::filesystem::path& file);

/// Prints them to stderr, a line each.
void print(const std::vector<InputError>& errors);

/// Shell-style * and ? (fnmatch).
bool matches(const std::string& glob, const std::string& name);

}  // namespace squall::cli
