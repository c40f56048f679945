// Delivery latency by phase and cohort: beside the findings, since the invariants ask only for what they ask for.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include "suites/metrics/history.hpp"
#include "suites/model/scenario.hpp"

namespace squall::report {

struct LatencyRow {
    std::string phase;
    std::string cohort;
    std::string protocol;
    Histogram values;  ///< not empty; from the scheduled instant to the kernel's receive timestamp
};

/// In the scenario's order; a cohort without a delivery in a phase has no row.
std::vector<LatencyRow> latency_rows(const Scenario& scenario, const History& history);

std::string latency_table(const std::vector<LatencyRow>& rows);
boost::json::array latency_json(const std::vector<LatencyRow>& rows);  ///< docs/reference/run-directory.md

}  // namespace squall::report
