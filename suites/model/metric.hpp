// What can be judged: every metric's name, kind, dimension and labels. The expression checker, `squall explain`, the
// docs and the judge all read this one table.
#pragma once

#include <string_view>
#include <vector>

#include "faults/core/units.hpp"

namespace squall {

enum class MetricKind {
    distribution,  ///< p50 … p99.9, max, min, mean, count
    gauge,         ///< max, min, mean, last, slope, p95 … over samples
    counter,       ///< count, rate: events
    summary,       ///< the target declares its own quantiles: p50, p95, p99, max — the worst sample of that quantile
    books,         ///< accounted(): a share that the judge reconciles from several sources
};

struct Metric {
    std::string_view name;
    MetricKind kind;
    Dimension dimension;
    std::vector<std::string_view> labels;  ///< that a selector may use
    std::string_view doc;
};

const std::vector<Metric>& all_metrics();  ///< sorted by name
const Metric* find_metric(std::string_view name);

/// Latency metrics carry the rig's own lag: where it passes the scenario's limit, the judge cannot tell.
bool carries_rig_lag(std::string_view metric);

}  // namespace squall
