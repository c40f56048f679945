// What the kernel says about this process.
#pragma once

#include <cstdint>

namespace squall::reference {

struct ProcessStats {
    std::uint64_t resident_bytes;
    double cpu_seconds;  // user and system
    std::uint64_t open_fds;
};

// A value that cannot be read is 0.
ProcessStats read_process_stats();

}  // namespace squall::reference
