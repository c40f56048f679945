// Starts the target as a child in its namespace, control group and CPUs, and ends it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/core/journal.hpp"
#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall {

namespace kernel {
class Cgroup;
class Namespace;
}  // namespace kernel

struct ProcessPlan {
    std::vector<std::string> command;      ///< command[0] is a path, or is looked up in PATH
    std::vector<std::string> environment;  ///< "NAME=value", added to squall's own
    std::filesystem::path output;          ///< standard output and standard error go here
    const kernel::Namespace* netns = nullptr;
    const kernel::Cgroup* cgroup = nullptr;
    std::vector<int> cpus;  ///< empty: all
    int stop_signal = 15;
    Nanos stop_grace = 5 * nanos_per_second;
};

struct ProcessEnd {
    std::string how;  ///< "exited with status 0", "killed by signal 9 (Killed)"
    Nanos at = 0;     ///< CLOCK_MONOTONIC, absolute; when it was noticed
    int signal = 0;   ///< that killed it; 0: it exited
};

/// A child dies with squall (PR_SET_PDEATHSIG), and an undo record names it before it runs its program. What it starts
/// bears the run's name in its environment, and is ended with it or by heal.
class Process {
public:
    /// Must be called from the thread that lives as long as the run: the kernel ties PR_SET_PDEATHSIG to it.
    /// Error::system_error is ENOEXEC where there is no such program, which other steps' ENOENT does not mean.
    static Result<std::unique_ptr<Process>> start(Journal& journal, const ProcessPlan& plan);
    ~Process();  ///< stop(), failures on stderr

    pid_t pid() const { return pid_; }
    /// Set as soon as the child is found dead. Does not block.
    const std::optional<ProcessEnd>& ended();
    /// After stop(): it exited, or the stop signal ended it. False: it crashed, or outlived its grace.
    bool ended_as_told() const { return ended_ && (ended_->signal == 0 || ended_->signal == stop_signal_); }
    /// Stop signal, grace, SIGKILL, and the same in what remains of the grace for the processes that it started and did
    /// not end; then closes the undo record. Idempotent.
    Status stop();

private:
    Process(Journal& journal, pid_t pid, std::optional<std::uint64_t> record, int stop_signal, Nanos grace)
        : journal_(&journal), pid_(pid), record_(record), stop_signal_(stop_signal), grace_(grace) {}
    bool wait_until(Nanos deadline);
    Status stop_what_it_started(Nanos until);

    Journal* journal_;
    pid_t pid_;
    std::optional<std::uint64_t> record_;  ///< none: it could not be written, and the child never ran its program
    int stop_signal_;
    Nanos grace_;
    bool stopped_ = false;
    std::optional<ProcessEnd> ended_;
};

}  // namespace squall
