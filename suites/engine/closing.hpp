// The end of a run, when every subscriber has gone: what the target still has of them, and what it wrote about them.
#pragma once

#include <filesystem>

#include "suites/engine/reconcile.hpp"
#include "suites/engine/sampler.hpp"
#include "suites/engine/stage.hpp"

namespace squall {

/// How long a target may take to notice that its clients have gone, before the run's books are closed.
inline constexpr Nanos noticing_max = 3 * nanos_per_second;

/// Asks the kernel which sockets the target's process still has (ESTABLISHED, CLOSE_WAIT; what is in any other state is
/// the kernel's business), until none is a subscriber's or `until` (CLOCK_MONOTONIC) has come. Fills Views::held and
/// log_size_when_held. Needs `views.connections` and `pairs`; a target outside of squall's network is not looked at.
Status look_at_held_sockets(const SampledTarget& target, const std::filesystem::path& log, Nanos until, Views& views);

/// The run's facts `declared_log`: `disconnects` by reason, `dropped` (null where a line did not say), both over all
/// lines, and `lines_not_understood`.
boost::json::object declared_log_facts(const DeclaredLogContent& content);

}  // namespace squall
