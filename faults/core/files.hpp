// Small files, whole. Errors name the file.
#pragma once

#include <filesystem>
#include <string>

#include "faults/core/result.hpp"

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file);
/// All of it, on disk, or nothing: a regular file, or the one that a link points at, is replaced as a whole. Its
/// directory has to exist. A pipe, a device and a descriptor (/dev/stdout) are written to.
Status write_file(const std::filesystem::path& file, const std::string& text);

}  // namespace squall
