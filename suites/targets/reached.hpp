// What cannot be had of a target that squall reaches and did not launch, or that speaks TLS: said before the run, with
// file and line.
#pragma once

#include <vector>

#include "suites/targets/profile.hpp"

namespace squall {

/// The faults of `scenario` that work on the target's processes or in the network around it, and the invariants over
/// what only the kernel knows of it; none of these where squall launches it. Of a target that speaks TLS, the faults
/// that read or write HTTP on the wire.
std::vector<InputError> refused(const Scenario& scenario, const Profile& profile);

}  // namespace squall
