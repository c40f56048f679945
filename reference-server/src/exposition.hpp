// The /metrics page: Prometheus text format 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reference-server/src/metrics.hpp"

namespace squall::reference {

struct Scrape {
    const Metrics& metrics;
    // One element for each open connection; reordered by exposition().
    std::vector<std::uint64_t> queue_depths;
    std::vector<std::uint64_t> queue_bytes;
    std::uint64_t topics;
    std::uint64_t log_lines_lost;
};

std::string exposition(Scrape scrape);

}  // namespace squall::reference
