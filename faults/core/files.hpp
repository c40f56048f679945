// Small files, whole. Errors name the file.
#pragma once

#include <filesystem>
#include <string>

#include "faults/core/result.hpp"

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file);
/// In place of what was there. Its directory has to exist.
Status write_file(const std::filesystem::path& file, const std::string& text);

}  // namespace squall
