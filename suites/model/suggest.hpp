// "did you mean …": the nearest of the names that would have been right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace squall {

/// Edits (insert, delete, replace, swap neighbours) that lead from one to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "; did you mean 'x'?" when one of `names` is within a third of `wrong`'s length (at least 2 edits, and never all of
/// it), else "".
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names);
std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names);

}  // namespace squall
