// The one interpreter: plays a scenario's timeline against a target and leaves a run directory.
// Everything that touches a clock, a thread or the kernel is on this side; scenario, judge and report are pure.
#pragma once

#include <atomic>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "suites/engine/run_directory.hpp"
#include "suites/invariants/judge.hpp"
#include "suites/targets/profile.hpp"
#include "suites/workload/workload.hpp"

namespace squall {

enum class FaultNews { in_force, over, not_injected };

/// What whoever watches gets to see; by itself, nobody watches. Called from the playing thread.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void phase(const Scenario&, const std::string& /*name*/, Nanos /*duration*/) {}
    virtual void fault(const std::string& /*name*/, FaultNews, const std::string& /*detail*/) {}
    virtual void tick(Nanos /*elapsed*/, const workload::Live&) {}  ///< every 250 ms
};

struct PlayOptions {
    std::filesystem::path runs = "runs";  ///< a directory is made in here for each run
    std::filesystem::path state;          ///< of the journal
    std::set<std::string> without;        ///< capabilities to do without, as on a host that lacks them
    std::vector<std::string> command;     ///< how to run it again, for the report
    const std::atomic<bool>* interrupted = nullptr;
};

struct Played {
    std::filesystem::path directory;
    History history;
    Judgement judgement;
};

/// Errors are the rig's own (exit code 4): nothing of the host is left changed when one is returned. system_error:
/// EINTR where the play was interrupted, ENOEXEC where the target is not installed: its program is not there, or ends
/// at once and has no version.
Result<Played> play(Scenario scenario, const std::string& scenario_text, const Profile& profile,
                    const PlayOptions& options, Observer& observer);

}  // namespace squall
