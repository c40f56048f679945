// Finding control group hierarchies and reading, writing and removing groups: what Cgroup and the healers share.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/result.hpp"

namespace squall::kernel::cgroup_files {

inline constexpr std::string_view group_prefix = "squall-";

/// Where groups of ours may be made. Empty paths: there is no such controller, or this user may not write there.
struct Hierarchies {
    bool unified = false;  ///< v2: all three paths are the same
    std::filesystem::path cpu;
    std::filesystem::path accounting;  ///< CPU time used
    std::filesystem::path memory;
};
/// Errors: no CPU controller that this user may write to; says what would delegate one.
Result<Hierarchies> find_hierarchies();

Result<std::string> read(const std::filesystem::path& file);
Status write(const std::filesystem::path& file, std::string_view value);
Result<std::vector<pid_t>> processes(const std::filesystem::path& group);

/// Kills what is inside (sub-groups too), waits until it is gone, removes the group. Gone already: success.
/// Errors: the name does not begin with "squall-"; this process is inside; the kernel keeps it busy for 10 s.
Status kill_and_remove(const std::filesystem::path& group);

}  // namespace squall::kernel::cgroup_files
