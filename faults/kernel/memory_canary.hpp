// Proof of a memory limit for a target that keeps below it.
#pragma once

#include <cstdint>
#include <string>

#include "faults/core/journal.hpp"

namespace squall::kernel {

class Cgroup;

/// Puts a process of squall's own into the group, which takes up to `bytes` of memory, and of which the kernel is told
/// to kill it first. True: it was killed on the way, so the limit holds; what it had is given back. False: it got all
/// it asked for. Takes some milliseconds for each 10 MiB. The target stands still meanwhile (SIGSTOP): whatever it
/// asked for before a canary's memory has been given back, it would be killed for. Errors: it could not be started, or
/// was neither killed nor done after 5 s; the target could not be told to stand still, or to go on.
Result<bool> killed_at_memory_limit(const Cgroup& group, const std::string& run_id, Journal& journal,
                                    std::uint64_t bytes);

}  // namespace squall::kernel
