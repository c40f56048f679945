// A run on disk: complete, so that it can be judged again on another machine.
//   scenario.yaml   as it was given          facts.json, gauges.jsonl, distributions.jsonl, events.jsonl
//   target.log      the target's own output  verdict.json
#pragma once

#include <filesystem>
#include <string>

#include "suites/invariants/judge.hpp"

namespace squall {

struct SavedRun {
    Scenario scenario;  ///< with the run's seed and the settings that its target knew
    History history;
};

/// Reads a run back. `scenario_file`: judge by the invariants of that scenario instead; empty: the run's own.
/// Errors list every mistake of the scenario, or name the file that is missing.
Result<SavedRun> load_run(const std::filesystem::path& directory, const std::filesystem::path& scenario_file);

}  // namespace squall
