// A history on disk: what the writer and the reader share. Described for others in docs/reference/metrics.md.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "faults/core/result.hpp"

namespace squall::history_format {

inline constexpr int version = 1;

inline constexpr std::string_view gauges_file = "gauges.jsonl";
inline constexpr std::string_view distributions_file = "distributions.jsonl";
inline constexpr std::string_view events_file = "events.jsonl";
inline constexpr std::string_view facts_file = "facts.json";

inline constexpr std::string_view gauges_format = "squall.gauges";
inline constexpr std::string_view distributions_format = "squall.distributions";
inline constexpr std::string_view events_format = "squall.events";
inline constexpr std::string_view facts_format = "squall.facts";

/// Samples of one gauge are broken into lines of so many, so that no line grows with the length of the run.
inline constexpr std::size_t points_per_line = 1024;

/// JSON in which every number with a fraction or an exponent is read to the nearest double. (Boost.JSON 1.81 trades the
/// last bit for speed; a saved run would then not be judged exactly as the live one.) Strings may hold any bytes.
Result<boost::json::value> parse_exactly(std::string_view text);

}  // namespace squall::history_format
