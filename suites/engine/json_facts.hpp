// What a run's facts say of its target and its scenario, as JSON: docs/reference/run-directory.md.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

#include "suites/targets/profile.hpp"
#include "suites/targets/supervised_process.hpp"

namespace squall {

/// Instants as the history has them; one that has not come is null.
boost::json::array json_restarts(const std::vector<Restart>& restarts, Nanos ready_within, Nanos origin);

/// Of what the target keeps books itself. `ends` and `drops_by_connection`: it tells its connections apart.
boost::json::object declares(const Profile& profile);

/// What `any` stood for.
boost::json::object chosen_protocol(const Scenario& scenario);

}  // namespace squall
