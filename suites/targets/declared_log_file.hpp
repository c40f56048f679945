// The target's log file, however long the target has made it.
#pragma once

#include <filesystem>

#include "suites/targets/declared_log.hpp"

namespace squall {

/// What a target may print in one run. Past it the run is cut short, so that a target that floods its log does not fill
/// the disk.
inline constexpr std::uintmax_t log_bytes_max = 256ULL << 20;
/// A longer line is passed over, whatever it says.
inline constexpr std::size_t log_line_bytes_max = 1U << 20;

/// Reads at most log_bytes_max, in pieces: what is held in memory is what was understood.
/// Errors: the file cannot be opened or read.
Result<DeclaredLogContent> read_declared_log_file(const std::filesystem::path& file, const DeclaredLog& format);

}  // namespace squall
