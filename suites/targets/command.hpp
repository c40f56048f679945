// From a profile's launch section to the arguments, environment and files of one start.
#pragma once

#include "suites/targets/profile.hpp"

namespace squall {

struct Command {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  ///< "NAME=value"
};

/// What the placeholders stand for.
struct Place {
    Endpoint listen;                  ///< {address}, {port}
    std::filesystem::path directory;  ///< {directory}: the run's
    std::filesystem::path here;       ///< {here}: the profile's
};

/// Fills the placeholders; "{settings}" as an argument becomes one argument a told setting, and in a file one line
/// each; writes the profile's files into the directory. A program without a slash is looked up beside squall first,
/// then in PATH. Errors: the program is in neither place; a file cannot be written; a value is not of the unit that is
/// asked for.
Result<Command> build_command(const Launch& launch, const Place& place, const std::map<std::string, std::string>& told);

/// Another program of the target's, in the environment of its launch and with the same placeholders.
Result<Command> build_other_command(const Launch& launch, const std::vector<std::string>& command, const Place& place);

/// $XDG_CACHE_HOME/squall, or .cache/squall at home: what ci/install puts where no source tree is ({cache}).
std::filesystem::path cache_directory();

}  // namespace squall
