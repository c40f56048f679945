// Ticks that people would have chosen.
#pragma once

#include <string>
#include <vector>

#include "faults/core/units.hpp"

namespace squall::report {

struct Tick {
    double value = 0;
    std::string label;
};

struct Axis {
    double low = 0;
    double high = 1;  ///< above `low`
    bool logarithmic = false;
    std::vector<Tick> ticks;  ///< ascending, within [low, high], at most 9

    double share(double value) const;  ///< 0 at `low`, 1 at `high`; clamped
};

/// An axis that shows [low, high]: from nought, or logarithmic where `logarithmic` and low > 0. Steps are 1, 2 or 5
/// times a power of ten; of bytes, a power of two. Values that are no finite numbers count as nought.
Axis value_axis(double low, double high, Dimension dimension, bool percent, bool logarithmic);

/// [0, end] in seconds, minutes or hours: "2 s", "1:30", "2:00:00".
Axis time_axis(Nanos end);

}  // namespace squall::report
