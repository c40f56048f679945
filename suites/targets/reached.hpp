// What cannot be had of a target that squall reaches and did not launch: said before the run, with file and line.
#pragma once

#include <vector>

#include "suites/targets/profile.hpp"

namespace squall {

/// The faults of `scenario` that work on the target's processes or in the network around it, and the invariants over
/// what only the kernel knows of it. None where squall launches it.
std::vector<InputError> refused(const Scenario& scenario, const Profile& profile);

}  // namespace squall
