// From a profile's launch section to the arguments, environment and files of one start.
#pragma once

#include "suites/targets/profile.hpp"

namespace squall {

struct Command {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  ///< "NAME=value"
};

/// Fills {address}, {port} and {directory}; "{settings}" as an argument becomes one argument a told setting; writes the
/// profile's files into `directory`. A program without a slash is looked up beside squall first, then in PATH.
/// Errors: the program is in neither place; a file cannot be written.
Result<Command> build_command(const Launch& launch, Endpoint listen, const std::filesystem::path& directory,
                              const std::map<std::string, std::string>& told);

}  // namespace squall
