// From the findings of a case to what a certificate says of it. Pure.
#pragma once

#include <string>
#include <vector>

#include "suites/report/certificate.hpp"

namespace squall::report {

struct Grade {
    CaseVerdict verdict = CaseVerdict::inconclusive;
    std::string reason;  ///< one sentence; empty for OK
};

/// A violated MUST is FAILED, whatever else could not be told; what could not be told, informational invariants apart,
/// is INCONCLUSIVE; a violated SHOULD is NON-STRICT. A case that requires nothing is INFORMATIONAL.
Grade grade(const Scenario& scenario, const Judgement& judgement);

/// Whether each of the level's cases has a result, and all that it has are OK, NON-STRICT or, played, INFORMATIONAL. A level
/// without cases is not reached.
bool reached(const Level& level, const std::vector<CaseResult>& results);

/// What keeps the level from being reached, of what was played: "12.2 sse UNIMPLEMENTED, 12.2 websocket UNIMPLEMENTED".
std::string in_the_way(const Level& level, const std::vector<CaseResult>& results);

}  // namespace squall::report
