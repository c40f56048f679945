// A history as one measurement sees it: the series that its selectors match, in one window.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "suites/invariants/window.hpp"

namespace squall {

bool matches(const Labels& labels, const std::vector<Selector>& selectors);

/// Slices in the window, by number, merged over the matching series.
std::map<std::int64_t, Histogram> slices(const History& history, const Measurement& measurement, const Window& window);
Histogram merged(const std::map<std::int64_t, Histogram>& slices);

/// A gauge's samples in the window, by time: at each instant the sum of the matching series. A series that is missing
/// at an instant at which the metric was sampled counts as nought there (no socket in that state), provided that it is
/// sampled at all. Shards sample at instants of their own: their samples stand side by side, except of what a shard's
/// clients count for themselves (label cohort), where each shard's latest sum is carried forward and all are added up.
/// Of a summary: the worst of the matching series.
std::vector<Point> points(const History& history, const Measurement& measurement, const Window& window);

/// A counter's events in the window, by time.
std::vector<Point> counted(const History& history, std::string_view metric, const std::vector<Selector>& selectors,
                           const Window& window);
double total(const std::vector<Point>& counted);
double total_over_run(const History& history, std::string_view metric, const std::vector<Selector>& selectors = {});

/// How much was there to be counted: without it, no events is not the same as nought. Attempts to connect of those
/// cohorts up to the window's end; for what the target declares, readings of its metrics in the window; for publishers,
/// messages that were offered up to the window's end.
std::uint64_t counting_evidence(const History& history, const Measurement& measurement, const Window& window);

}  // namespace squall
