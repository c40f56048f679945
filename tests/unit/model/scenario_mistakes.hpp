// Scenarios that are wrong, and what is said of them.
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/model/scenario_faults.hpp"

namespace squall {

/// A line each. What has mistakes is no scenario, and what has none is one.
inline std::vector<std::string> mistakes(const std::string& text) {
    const ParsedScenario result = parse_scenario(text, "s.yaml", test_faults());
    EXPECT_EQ(result.scenario.has_value(), result.errors.empty());
    std::vector<std::string> lines;
    for (const InputError& error : result.errors)
        lines.push_back(to_string(error));
    return lines;
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

}  // namespace squall
