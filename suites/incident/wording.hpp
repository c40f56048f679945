// Numbers as people are shown them: 50,234 · 15.2GB and 8GiB, whichever is shorter · 18.4s.
#pragma once

#include <string>

#include "suites/incident/recording.hpp"

namespace squall::incident {

std::string number(double value);  ///< with thousands separated; three digits below 100
std::string in_bytes(double bytes);
std::string in_time(double seconds);
std::string in_unit(double value, const Unit& unit);

}  // namespace squall::incident
