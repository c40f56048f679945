// Which version of itself the target says it is.
#pragma once

#include <functional>

#include "suites/targets/command.hpp"
#include "suites/targets/http_answer.hpp"

namespace squall {

/// `get`: one GET of a path. At most 120 bytes, printable. Errors: the command does not run or takes more than 10 s;
/// nothing is said. A profile without `version` has an empty one.
Result<std::string> version_of(const Profile& profile, const Place& place,
                               const std::function<Result<HttpAnswer>(const std::string& path)>& get);

}  // namespace squall
