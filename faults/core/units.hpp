// Quantities as people write them (20ms, 64KiB/s, 0.25 cores, 5%), with their dimension.
// One parser for scenarios, fault options and invariant expressions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "faults/core/result.hpp"

namespace squall {

using Nanos = std::int64_t;  ///< nanoseconds; an instant counts from the run's start on CLOCK_MONOTONIC

inline constexpr Nanos nanos_per_second = 1'000'000'000;
inline constexpr double to_seconds(Nanos n) {
    return static_cast<double>(n) / 1e9;
}
inline constexpr Nanos from_seconds(double s) {
    return static_cast<Nanos>(s * 1e9);
}

/// Product of powers of the base units. Counts and ratios are dimensionless; 100% is 1.
struct Dimension {
    std::int8_t seconds = 0;
    std::int8_t bytes = 0;
    std::int8_t cores = 0;

    friend constexpr bool operator==(const Dimension&, const Dimension&) = default;
    friend constexpr Dimension operator*(Dimension a, Dimension b) {
        return {static_cast<std::int8_t>(a.seconds + b.seconds), static_cast<std::int8_t>(a.bytes + b.bytes),
                static_cast<std::int8_t>(a.cores + b.cores)};
    }
    friend constexpr Dimension operator/(Dimension a, Dimension b) {
        return {static_cast<std::int8_t>(a.seconds - b.seconds), static_cast<std::int8_t>(a.bytes - b.bytes),
                static_cast<std::int8_t>(a.cores - b.cores)};
    }
};

namespace dimension {
inline constexpr Dimension none{};
inline constexpr Dimension time{.seconds = 1};
inline constexpr Dimension bytes{.bytes = 1};
inline constexpr Dimension cores{.cores = 1};
inline constexpr Dimension rate{.seconds = -1};                   ///< events per second
inline constexpr Dimension bandwidth{.seconds = -1, .bytes = 1};  ///< bytes per second
}  // namespace dimension

/// `value` is in base units: seconds, bytes, cores, or plain number.
struct Quantity {
    double value = 0;
    Dimension dimension;

    friend bool operator==(const Quantity&, const Quantity&) = default;
};

/// Longest prefix of `text` that is a number with an optional unit; `consumed` gets its length.
/// Units: ns us ms s m h · B KB MB GB (powers of 1000) KiB MiB GiB (powers of 1024) · cores core · % · and any of
/// the bytes units, or none, followed by /s. A blank may stand between number and unit.
/// Errors: no number; a letter-run that is no unit (the message lists those that are).
Result<Quantity> parse_quantity_prefix(std::string_view text, std::size_t& consumed);

/// The whole of `text`, blanks around it aside.
Result<Quantity> parse_quantity(std::string_view text);

/// Three significant digits with the unit that reads best: 12.3ms, 1.50MiB, 64KiB/s, 0.250 cores, 5.00%, 417.
/// `percent`: print a dimensionless value as a percentage.
std::string format_quantity(double value, Dimension dimension, bool percent = false);

/// "time (20ms, 5s)", "bytes (64KiB, 10MB)": what would have been right, for error messages.
std::string describe_dimension(Dimension dimension);

}  // namespace squall
