// What the expression parser asks about names, kinds and dimensions. Each check gives an empty string, or the message:
// what is wrong and what would be right.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "suites/model/expression.hpp"

namespace squall::expression_check {

std::optional<Aggregation> find_aggregation(std::string_view name);
std::string unknown_function(std::string_view name);

std::string metric_problem(std::string_view metric);
std::string aggregation_problem(Aggregation aggregation, const Metric& metric);
std::string selector_problem(const Metric& metric, const Selector& selector, const Names& names);
std::string phase_problem(std::string_view phase, const Names& names);

bool is_reference(std::string_view word);  ///< begins with setting., cohort. or phase.
/// The reference's value, or the message.
std::optional<Quantity> find_reference(std::string_view path, const Names& names);
std::string reference_problem(std::string_view path, const Names& names);

Dimension dimension_of(Aggregation aggregation, const Metric& metric);

}  // namespace squall::expression_check
