// The record of an incident beside its replay, for people and for machines. Each is empty (null) for a scenario without
// a record.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "suites/invariants/replay.hpp"
#include "suites/report/plot.hpp"

namespace squall::report {

std::string record_table(const Scenario& scenario, const History& history);
boost::json::value record_json(const Scenario& scenario, const History& history);

/// A row a series, and a plot of both over each other.
std::string record_html(const Scenario& scenario, const History& history, const Scene& scene);

}  // namespace squall::report
