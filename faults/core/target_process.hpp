// The target's process as a supervisor has it: ended by a fault, and started again. The stage of a run implements it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall {

/// No call waits for what comes of it. All of them from the thread that injects, advances and heals.
class TargetProcess {
public:
    virtual ~TargetProcess() = default;

    struct Look {
        pid_t pid = 0;                       ///< of the one that runs, or ran last
        std::string ended = {};              ///< "killed by signal 9 (Killed)"; empty: some of what it started is left
        bool by_us = false;                  ///< since end() it has, or is about to
        std::optional<Nanos> ready_at = {};  ///< CLOCK_MONOTONIC, to 20 ms or so: it answered as its profile says
    };
    /// Errors: what it left behind cannot be ended.
    virtual Result<Look> look() = 0;
    /// SIGKILL for all that it consists of, any other signal for the process that was started. What that leaves behind
    /// is killed, and so is all of it once the time that the profile gives it to stop is over.
    /// Errors: it has ended by itself; it is ending, and the signal is not SIGKILL.
    virtual Status end(int signal) = 0;
    /// As it was started first: command, network, control group, CPUs, log. Errors: it has not ended; it cannot be run.
    virtual Status start() = 0;
};

}  // namespace squall
