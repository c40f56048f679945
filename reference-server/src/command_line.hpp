// The program's flags: --config FILE, and one flag for each setting.
#pragma once

#include <variant>

#include "reference-server/src/config.hpp"

namespace squall::reference {

// The settings, or the code to exit with: 0 after --help, 2 after a mistake, which has been explained on standard
// error. Flags win over the file.
std::variant<Config, int> read_command_line(int argc, const char* const* argv);

}  // namespace squall::reference
