// The lines of a journal, for its writer and for heal:
//   {"open":7,"kind":"cgroup-remove","arguments":{"path":"/sys/fs/cgroup/cpu/squall-…"}}
//   {"close":7}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/journal.hpp"

namespace squall::journal_format {

std::string open_line(const UndoRecord& record);  ///< with its newline
std::string close_line(std::uint64_t id);         ///< with its newline

/// Writes all of `line` and syncs, or takes back what was written of it, so that the file has whole lines only.
Status append(int descriptor, std::string_view line);

struct Contents {
    std::vector<UndoRecord> open;      ///< oldest first
    std::vector<std::string> damaged;  ///< whole lines that do not parse
    std::size_t whole_bytes = 0;       ///< up to and including the last newline; what follows is a torn line
};
Contents parse(std::string_view text);

}  // namespace squall::journal_format
