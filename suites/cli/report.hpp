// Certificates on disk, for the commands that read them.
#pragma once

#include <filesystem>
#include <string>

#include "suites/report/certificate.hpp"

namespace squall::cli {

/// A certificate.json, or a directory that holds one.
bool is_certificate(const std::filesystem::path& path);
Result<report::Certificate> load_certificate(const std::filesystem::path& path);

}  // namespace squall::cli
