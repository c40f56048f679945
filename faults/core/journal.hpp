// Undo records on disk. A record is written and synced before the kernel object is made, and closed after it has
// been removed; whatever kills the run in between, `squall heal` reads what is still open and puts it back.
//
// One file a run: <state directory>/<run id>.journal, JSON lines, append-only, held under flock by the living run, so
// that a healer can tell a dead run's journal from that of one that is still at work.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/result.hpp"

namespace squall {

/// What to undo: a kind with a registered healer, and its arguments.
struct UndoRecord {
    std::uint64_t id = 0;                          ///< unique in the journal
    std::string kind;                              ///< "cgroup-remove", "cgroup-write", "process-kill", …
    std::map<std::string, std::string> arguments;  ///< e.g. path, value, pid, start_time
};

class Journal {
public:
    /// Creates the file and locks it. Errors: directory cannot be made, disk full, a journal of that run exists.
    static Result<Journal> create(const std::filesystem::path& state_directory, const std::string& run_id);

    Journal(Journal&&) noexcept;
    Journal& operator=(Journal&&) noexcept;
    ~Journal();  ///< removes the file if every record is closed; leaves it for heal otherwise

    /// On disk (fdatasync) when it returns. Only then may the kernel be touched. Errors: the disk is full or fails;
    /// from then on every further call fails as well.
    Result<std::uint64_t> open(std::string kind, std::map<std::string, std::string> arguments);
    /// Called when what the record names has been undone. Errors: no such record is open; or the disk is full, and then
    /// the record counts as closed all the same.
    Status close(std::uint64_t id);

    const std::string& run_id() const;

private:
    struct State;
    explicit Journal(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// $SQUALL_STATE_DIR, else /run/squall as root, else $XDG_RUNTIME_DIR/squall, else /tmp/squall-UID (mode 0700).
std::filesystem::path default_state_directory();

struct HealOutcome {
    std::string run_id;
    UndoRecord record;
    Status status;
};

/// Undoes, newest first, whatever dead runs left open; runs that hold their lock are not touched. A record that could
/// not be undone stays in its journal. Torn last lines (a crash while writing) are tolerated; any other line that does
/// not parse is reported and the rest is healed all the same.
std::vector<HealOutcome> heal_dead_runs(const std::filesystem::path& state_directory);

/// Healers register themselves by kind, as faults do. A healer is idempotent: "already gone" is success. It must make
/// sure that the object is the run's own (name, or pid together with its start time) before it touches it.
struct RegisterHealer {
    RegisterHealer(std::string kind, Status (*heal)(const UndoRecord&));
};

}  // namespace squall
