// What stands in a request to the control API: path and JSON, checked.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "suites/control/proxies.hpp"

namespace squall::control {

/// "/proxies/a%20b?x" -> proxies, "a b". Errors: an escape that is none.
Result<std::vector<std::string>> segments_of(std::string_view target);

Result<boost::json::object> object_of(std::string_view body);
/// Errors: a value of another kind. A key that is not there, or null, has the fallback.
Result<std::string> text_of(const boost::json::object& object, const char* key, const std::string& fallback);
Result<bool> flag_of(const boost::json::object& object, const char* key, bool fallback);

/// `before`: the toxic that is to be changed, whose name, type and stream stay; without a type: a new one.
Result<NamedToxic> toxic_of(const boost::json::object& object, const NamedToxic& before);

}  // namespace squall::control
