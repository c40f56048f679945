// What can be judged: every metric's name, kind, dimension and labels. The expression checker, `squall explain`, the
// docs and the judge all read this one table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "faults/core/units.hpp"

namespace squall {

enum class MetricKind {
    distribution,  ///< p50 … p99.9, max, min, mean, count
    gauge,         ///< max, min, mean, last, slope, p50 … p99.9 over samples
    counter,       ///< count, rate: events
    summary,  ///< the target declares its own quantiles: p50, p95, p99, max: the worst sample of that quantile. In a
              ///< History, gauges with the label stat=p50|p95|p99|max
    books,    ///< accounted(): a share that the judge reconciles from several sources
};
std::string_view to_string(MetricKind kind);

struct Metric {
    std::string_view name;
    MetricKind kind;
    Dimension dimension;
    std::vector<std::string_view> labels;  ///< that a selector may use
    std::string_view doc;                  ///< one sentence, without its full stop
    bool accounted = false;  ///< accounted() takes it (books, and `connections`, which is a gauge besides)
};

const std::vector<Metric>& all_metrics();  ///< sorted by name
const Metric* find_metric(std::string_view name);

/// Values that a label may take, where they are a closed list (protocol, state) or have a form (seen, cause, status).
/// Names of cohorts and publishers are the scenario's. Empty: `value` may stand there. Otherwise: what would be right.
std::string label_problem(std::string_view metric, std::string_view label, std::string_view value);

/// Latency metrics carry the rig's own lag: where it passes the scenario's limit, the judge cannot tell.
bool carries_rig_lag(std::string_view metric);

/// A target that others keep from its CPU makes these longer.
bool carries_stolen_time(std::string_view metric);

}  // namespace squall
