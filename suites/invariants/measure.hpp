// One measurement over one window: its value, over how many samples, or why there is none.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "suites/invariants/series.hpp"

namespace squall {

struct Measured {
    double value = 0;  ///< base units
    std::uint64_t samples = 0;
    std::string problem = {};         ///< why there is no value
    std::string detail = {};          ///< what the books are short of
    std::optional<Nanos> since = {};  ///< of the books: the first entry that does not add up
};

/// 0.99 of p99; nothing for what is no percentile.
std::optional<double> quantile_of(Aggregation aggregation);

Measured measure(const History& history, const Measurement& measurement, const Window& window);

/// When the measurement came to violate `bound`: see docs/reference/expressions.md, "Since when".
std::optional<Nanos> violated_since(const History& history, const Measurement& measurement, const Window& window,
                                    Comparison comparison, double bound);

bool holds(double value, Comparison comparison, double bound);

}  // namespace squall
