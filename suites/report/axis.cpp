#include "suites/report/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace squall::report {
namespace {

constexpr double wanted_ticks = 5;

double finite(double value) {
    return std::isfinite(value) ? value : 0;
}

/// The smallest of 1, 2, 5 × 10^k that is not below `rough`; of bytes, of 2^k.
double nice_step(double rough, bool binary) {
    if (binary) return std::exp2(std::ceil(std::log2(std::max(rough, 1.0))));
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough * (1 - 1e-9)) return factor * power;
    }
    return 10 * power;
}

/// The unit of what has one that is long stands in the plot's title.
std::string label(double value, Dimension dimension, bool percent) {
    if (dimension == dimension::cores || dimension == dimension::rate) dimension = dimension::none;
    if (!percent && dimension == dimension::none) return fmt::format("{:.10g}", value);
    if (percent) return fmt::format("{:.6g}%", value * 100);
    return format_quantity(value, dimension);
}

Axis logarithmic_axis(double low, double high, Dimension dimension) {
    Axis axis{low, high, true, {}};
    const int first = static_cast<int>(std::floor(std::log10(low)));
    const int last = static_cast<int>(std::floor(std::log10(high)));
    const int decades = last - first;
    const int every = std::max(1, (decades + 6) / 7);
    for (int decade = first; decade <= last; ++decade) {
        if ((decade - first) % every != 0) continue;
        for (const double factor : {1.0, 2.0, 5.0}) {
            if (factor != 1.0 && (decades > 2 || (factor == 2.0 && decades > 1))) continue;
            const double value = factor * std::pow(10, decade);
            if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
                axis.ticks.push_back({value, label(value, dimension, false)});
        }
    }
    return axis;
}

std::string clock(double seconds, double step) {
    if (step < 60 && seconds < 60 && step < 1) return fmt::format("{:.10g} s", seconds);
    const auto whole = static_cast<long long>(std::llround(seconds));
    if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    if (whole >= 60) return fmt::format("{}:{:02}", whole / 60, whole % 60);
    return fmt::format("{} s", whole);
}

}  // namespace

double Axis::share(double value) const {
    if (logarithmic) return std::clamp(std::log(std::max(value, low) / low) / std::log(high / low), 0.0, 1.0);
    return std::clamp((finite(value) - low) / (high - low), 0.0, 1.0);
}

Axis value_axis(double low, double high, Dimension dimension, bool percent, bool logarithmic) {
    low = finite(low);
    high = finite(high);
    if (logarithmic && low > 0 && high > 0) return logarithmic_axis(low * 0.8, std::max(high, low) * 1.25, dimension);
    low = std::min(low, 0.0);
    if (high <= low) high = low + 1;
    const double step = nice_step((high - low) / wanted_ticks, dimension == dimension::bytes);
    Axis axis{std::floor(low / step) * step, std::ceil(high * (1 + 1e-9) / step) * step, false, {}};
    for (double n = std::round(axis.low / step); n * step <= axis.high + step / 2; ++n)
        axis.ticks.push_back({n * step, label(n * step, dimension, percent)});
    return axis;
}

Axis time_axis(Nanos end) {
    const double seconds = std::max(to_seconds(end), 1e-3);
    double step = nice_step(seconds / 8, false);
    for (const double nice : {10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0}) {
        if (step <= 5) break;
        step = nice;
        if (nice >= seconds / 8) break;
    }
    if (step > 5 && seconds / step > 8) step = 3600 * nice_step(seconds / 8 / 3600, false);
    Axis axis{0, seconds, false, {}};
    for (int n = 0; n * step <= seconds; ++n)
        axis.ticks.push_back({n * step, clock(n * step, step)});
    return axis;
}

}  // namespace squall::report
