// One invariant over one history.
#pragma once

#include "suites/invariants/judge.hpp"

namespace squall {

/// May throw for a history that contradicts itself; whoever calls makes that a finding.
Finding judge_invariant(const InvariantUse& invariant, const Scenario& scenario, const Names& names,
                        const History& history);

}  // namespace squall
