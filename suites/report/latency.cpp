#include "suites/report/latency.hpp"

#include <fmt/format.h>

namespace squall::report {
namespace {

bool inside(std::int64_t slice, const Span& span) {
    const Nanos middle = slice * slice_length + slice_length / 2;
    return span.start <= middle && middle < span.end;
}

std::string duration(Nanos nanos) {
    return format_quantity(to_seconds(nanos), dimension::time);
}

}  // namespace

std::vector<LatencyRow> latency_rows(const Scenario& scenario, const History& history) {
    std::vector<LatencyRow> rows;
    for (const auto& phase : scenario.phases) {
        const Span* span = history.find_span(phase.name);
        if (!span) continue;
        for (const auto& cohort : scenario.cohorts) {
            LatencyRow row{phase.name, cohort.name, std::string(to_string(cohort.protocol)), {}};
            for (const auto& [key, slices] : history.distributions()) {
                const auto label = key.labels.find("cohort");
                if (key.metric != "delivery.latency" || label == key.labels.end() || label->second != cohort.name)
                    continue;
                for (const auto& [slice, values] : slices) {
                    if (inside(slice, *span)) row.values.merge(values);
                }
            }
            if (!row.values.empty()) rows.push_back(std::move(row));
        }
    }
    return rows;
}

std::string latency_table(const std::vector<LatencyRow>& rows) {
    if (rows.empty()) return {};
    std::string text = fmt::format("  {:<12} {:<20} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10}\n", "latency", "cohort", "p50",
                                   "p95", "p99", "p99.9", "max", "deliveries");
    for (const auto& row : rows) {
        text += fmt::format("  {:<12} {:<20} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10}\n", row.phase, row.cohort,
                            duration(*row.values.quantile(0.5)), duration(*row.values.quantile(0.95)),
                            duration(*row.values.quantile(0.99)), duration(*row.values.quantile(0.999)),
                            duration(row.values.max()), row.values.count());
    }
    return text;
}

boost::json::array latency_json(const std::vector<LatencyRow>& rows) {
    boost::json::array array;
    for (const auto& row : rows) {
        array.push_back({{"phase", row.phase},
                         {"cohort", row.cohort},
                         {"protocol", row.protocol},
                         {"deliveries", row.values.count()},
                         {"p50_ns", *row.values.quantile(0.5)},
                         {"p95_ns", *row.values.quantile(0.95)},
                         {"p99_ns", *row.values.quantile(0.99)},
                         {"p99_9_ns", *row.values.quantile(0.999)},
                         {"max_ns", row.values.max()}});
    }
    return array;
}

}  // namespace squall::report
