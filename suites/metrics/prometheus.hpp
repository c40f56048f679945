// Prometheus text exposition format 0.0.4: samples, without types or help texts.
// https://github.com/prometheus/docs/blob/main/content/docs/instrumenting/exposition_formats.md
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/result.hpp"

namespace squall {

struct PrometheusSample {
    std::string name;
    std::map<std::string, std::string, std::less<>> labels;
    double value = 0;
};

/// At most this many samples of a page are kept; a longer page is an error, not a truncation.
inline constexpr std::size_t prometheus_samples_max = 100'000;

/// Errors name the line and what was expected there.
Result<std::vector<PrometheusSample>> parse_prometheus(std::string_view page);

}  // namespace squall
