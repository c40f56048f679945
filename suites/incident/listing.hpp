// What `squall incident import` prints.
#pragma once

#include "suites/incident/plan.hpp"

namespace squall::incident {

/// For people: what was recognised and what was not, what happened, what was decided and by what.
std::string to_listing(const Plan& plan, const Recording& recording, const Recognition& recognition);

}  // namespace squall::incident
