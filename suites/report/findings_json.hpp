// Findings as they stand in every file that squall writes: docs/reference/run-directory.md.
#pragma once

#include <boost/json/array.hpp>

#include "suites/invariants/judge.hpp"

namespace squall::report {

boost::json::array findings_json(const Judgement& judgement);

}  // namespace squall::report
