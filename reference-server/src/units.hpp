// Durations, byte sizes and shares as people write them: 25s, 500ms, 10MiB, 0.5%.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace squall::reference {

// A whole number with ms, s, m or h; a bare 0 needs no unit. Empty: not a duration, or it does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// A whole number with B, KiB, MiB or GiB, or without a unit (bytes).
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// A decimal number followed by %: "0.5%" is 0.005.
std::optional<double> parse_share(std::string_view text);

// A whole number without sign or unit.
std::optional<std::uint64_t> parse_count(std::string_view text);

// The shortest form that parses back to the same value.
std::string format_duration(std::chrono::milliseconds duration);
std::string format_bytes(std::uint64_t bytes);
std::string format_share(double share);

}  // namespace squall::reference
