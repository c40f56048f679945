// Writing undo records. Reading dead runs' records back and healing them is in heal.cpp.
#include "faults/core/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>

#include "faults/core/journal_format.hpp"

namespace squall {

struct Journal::State {
    std::string run_id;
    std::filesystem::path path;
    int descriptor = -1;
    pid_t owner = getpid();  ///< a forked child inherits this object but not the run
    std::mutex mutex;
    std::uint64_t next_id = 1;
    std::set<std::uint64_t> open;
    std::string unwritable;  ///< why a line could not be written; empty: all could. The file may end in a part of it

    ~State() {
        if (owner == getpid() && open.empty() && unlink(path.c_str()) != 0 && errno != ENOENT) {
            std::fprintf(stderr, "squall: cannot remove the empty journal %s: %s\n", path.c_str(),
                         std::strerror(errno));
        }
        if (descriptor >= 0) ::close(descriptor);  // gives up the lock
    }
};

namespace {

bool valid_run_id(const std::string& run_id) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !run_id.empty() && run_id.size() <= 48 && run_id.find_first_not_of(allowed) == std::string::npos;
}

/// A directory in /tmp may have been made by somebody else, who would then decide what heal undoes.
Status own_directory(const std::filesystem::path& directory) {
    if (!directory.parent_path().empty()) {
        std::error_code ignored_because_mkdir_tells;
        std::filesystem::create_directories(directory.parent_path(), ignored_because_mkdir_tells);
    }
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_failure("making the state directory " + directory.string(), errno,
                              "set SQUALL_STATE_DIR to a directory that you may write to");
    }
    struct stat info {};
    if (lstat(directory.c_str(), &info) != 0) return system_failure("reading " + directory.string(), errno);
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid()) {
        return Error{
            fmt::format("{} is not a directory of this user; remove it or set SQUALL_STATE_DIR", directory.string())};
    }
    return {};
}

Status sync_directory(const std::filesystem::path& directory) {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return system_failure("opening " + directory.string(), errno);
    const int failed = fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (failed != 0) return system_failure("syncing " + directory.string(), failed);
    return {};
}

/// The descriptor of a new file that healers find locked from its first moment, or do not find at all. One that comes
/// by before the lock takes the empty file for a dead run's and removes it; then it is made again.
Result<int> make_locked(const std::filesystem::path& path) {
    constexpr int healers_max = 100;
    for (int met = 0; met < healers_max; ++met) {
        const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
        if (descriptor < 0) {
            return system_failure("making the journal " + path.string(), errno,
                                  errno == EEXIST ? "a run of that id has not been healed; run squall heal" : "");
        }
        struct stat info {};
        int failed = 0;
        while ((failed = flock(descriptor, LOCK_EX)) != 0 && errno == EINTR) {
        }
        if (failed == 0) failed = fstat(descriptor, &info);
        if (failed == 0 && info.st_nlink > 0) return descriptor;
        const int number = errno;
        ::close(descriptor);
        if (failed != 0) {
            unlink(path.c_str());
            return system_failure("locking " + path.string(), number);
        }
    }
    return Error{"making the journal " + path.string() + ": it is removed as often as it is made"};
}

/// The user's id outside a user namespace of our own, so that a run that became root in one and a later `squall heal`
/// outside it look in the same place.
uid_t outer_uid() {
    const uid_t inner = geteuid();
    std::ifstream map("/proc/self/uid_map");
    std::uint64_t first = 0, outside = 0, count = 0;
    while (map >> first >> outside >> count) {
        if (inner >= first && inner - first < count) return static_cast<uid_t>(outside + (inner - first));
    }
    return inner;
}

}  // namespace

std::filesystem::path default_state_directory() {
    if (const char* chosen = std::getenv("SQUALL_STATE_DIR"); chosen != nullptr && *chosen != '\0') return chosen;
    const uid_t uid = outer_uid();
    if (uid == 0) return "/run/squall";
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime != '\0') {
        return std::filesystem::path(runtime) / "squall";
    }
    return fmt::format("/tmp/squall-{}", uid);
}

Result<Journal> Journal::create(const std::filesystem::path& state_directory, const std::string& run_id) {
    if (!valid_run_id(run_id)) {
        return Error{fmt::format("'{}' is no run id; use up to 48 of a-z, 0-9 and -", run_id)};
    }
    if (auto owned = own_directory(state_directory); !owned) return owned.error();
    auto locked = make_locked(state_directory / (run_id + ".journal"));
    if (!locked) return locked.error();
    auto state = std::make_unique<State>();
    state->descriptor = *locked;
    state->path = state_directory / (run_id + ".journal");
    state->run_id = run_id;
    if (auto synced = sync_directory(state_directory); !synced) return synced.error();
    return Journal(std::move(state));
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

const std::string& Journal::run_id() const {
    return state_->run_id;
}

Result<std::uint64_t> Journal::open(std::string kind, std::map<std::string, std::string> arguments) {
    const std::lock_guard lock(state_->mutex);
    if (!state_->unwritable.empty()) {
        return Error{"this run changes nothing more on this host, since an undo record could not be written: " +
                     state_->unwritable};
    }
    UndoRecord record{state_->next_id, std::move(kind), std::move(arguments)};
    if (auto written = journal_format::append(state_->descriptor, journal_format::open_line(record)); !written) {
        state_->unwritable = state_->path.string() + ": " + written.error().message;
        return Error{"writing an undo record to " + state_->unwritable, written.error().system_error};
    }
    ++state_->next_id;
    state_->open.insert(record.id);
    return record.id;
}

Status Journal::close(std::uint64_t id) {
    const std::lock_guard lock(state_->mutex);
    // What has been undone stays so, whether or not the line below can be written: without it the next heal would look
    // at something that is gone, and the file goes when the last record is closed.
    if (state_->open.erase(id) == 0) return Error{fmt::format("undo record {} is not open in {}", id, state_->run_id)};
    if (auto written = journal_format::append(state_->descriptor, journal_format::close_line(id)); !written) {
        state_->unwritable = state_->path.string() + ": " + written.error().message;
        return Error{"closing an undo record in " + state_->unwritable, written.error().system_error};
    }
    return {};
}

}  // namespace squall
