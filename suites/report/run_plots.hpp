// What of a run's history is drawn.
#pragma once

#include <string>
#include <vector>

#include "suites/invariants/judge.hpp"
#include "suites/report/plot.hpp"

namespace squall::report {

/// Worst verdict first, else as they were judged: a finding's number is its place here, from 1.
std::vector<const Finding*> by_weight(const Judgement& judgement);

struct RunPlots {
    Scene scene;
    std::vector<Plot> plots;             ///< with a point at least
    std::vector<std::string> left_out;   ///< what was not there to be drawn, and why: a line each
    std::vector<Distribution> by_phase;  ///< delivery latency
};
RunPlots plots_of(const Scenario& scenario, const History& history, const Judgement& judgement);

/// Lines of one metric over the run. Bins are as wide as it takes for 240 of them to cover the run, 250 ms at least.
std::vector<Line> quantile_lines(const History& history, const std::string& metric,
                                 const std::vector<Selector>& selectors, Nanos end);
Line gauge_line(const History& history, const std::string& metric, const std::vector<Selector>& selectors,
                const std::string& name, std::size_t style);
/// Events a second.
Line rate_line(const History& history, const std::string& metric, const std::vector<Selector>& selectors,
               const std::string& name, std::size_t style, Nanos end);
Nanos bin_width(Nanos end);

}  // namespace squall::report
