// What a log line says that happened, in words.
#pragma once

#include "suites/incident/recording.hpp"

namespace squall::incident {

/// "OOM killed", "crashed", "restarting": not "restart policy", nor "0 processes killed", nor what happened to a
/// client. `said` is the line without names and values; ": 0" stands where a value was nought.
std::optional<Event::What> event_in(std::string_view said);

}  // namespace squall::incident
