// What the target really did, whatever it was told: kept in memory while it runs, and written when it ends.
#pragma once

#include <string>
#include <vector>

#include "plan.hpp"

namespace truth {

Nanos now();  ///< CLOCK_MONOTONIC

struct Delivery {
    const char* protocol = "";
    std::uint64_t sequence = 0;
    Nanos scheduled = 0;  ///< as the message says; since the origin of squall's run
    Nanos arrived = 0;    ///< the kernel's receive timestamp of the message's last segment
    Nanos due = 0;        ///< arrived, and the delay
    Nanos sent = 0;       ///< just before send(); later than `due` by what the host made the target wait
    Nanos sent_after = 0;
};

struct Record {
    std::vector<Delivery> deliveries;
    struct Freeze {
        Nanos start, end;
    };
    std::vector<Freeze> freezes;
    struct Used {
        Nanos at, cpu;  ///< CPU time of the process so far
    };
    std::vector<Used> used;
    Nanos allocated_at = 0;
    std::uint64_t allocated_bytes = 0;

    /// CSV; the first field says what the line is. False: it could not be written, and standard error says why.
    bool write(const std::string& path) const;
};

}  // namespace truth
