// Tables of a run's page, as HTML. Each is empty where there is nothing to be shown.
#pragma once

#include <string>

#include "suites/invariants/judge.hpp"

namespace squall::report {

/// A block a finding: expected, measured, bound, margin, window, since.
std::string finding_cards(const Judgement& judgement);

std::string latency_html(const Scenario& scenario, const History& history);

/// How connections ended: what the client saw, what the server declared, and what the kernel still held of them.
std::string disconnects_html(const History& history);

/// Each injection with its witness.
std::string faults_html(const History& history);

}  // namespace squall::report
