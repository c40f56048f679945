// What a scenario asks of the load generator, as far as this target can be asked for it. Pure.
#pragma once

#include "suites/model/scenario.hpp"
#include "suites/targets/profile.hpp"
#include "suites/workload/workload.hpp"

namespace squall {

/// Cohorts, publishers and seed. A target without topics: whoever publishes publishes to all. A target that takes no
/// messages publishes of its own accord: in the place of the scenario's publishers there is one a topic, named after it.
workload::Plan load_of(const Scenario& scenario, const Profile& profile);

}  // namespace squall
