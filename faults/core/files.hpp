// Small files, whole. Errors name the file.
#pragma once

#include <filesystem>
#include <string>

#include "faults/core/result.hpp"

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file);
/// All of it, on disk, or nothing: a regular file is replaced as a whole. Its directory has to exist.
Status write_file(const std::filesystem::path& file, const std::string& text);

}  // namespace squall
