// `squall heal`: undoes what dead runs left open in their journals.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <stdexcept>

#include "faults/core/journal.hpp"
#include "faults/core/journal_format.hpp"

namespace squall {
namespace {

using Healer = Status (*)(const UndoRecord&);

std::map<std::string, Healer>& healers() {
    static std::map<std::string, Healer> instance;
    return instance;
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int get() const { return number_; }

private:
    int number_;
};

Result<std::string> read_all(int descriptor) {
    std::string text;
    char buffer[16384];
    while (true) {
        const ssize_t got = ::pread(descriptor, buffer, sizeof buffer, static_cast<off_t>(text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure("read", errno);
        if (got == 0) return text;
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

HealOutcome about_file(const std::string& run_id, Error error) {
    return {run_id, UndoRecord{0, "journal", {}}, std::move(error)};
}

Status undo(const UndoRecord& record) {
    const auto healer = healers().find(record.kind);
    if (healer == healers().end()) {
        return Error{
            fmt::format("this program does not know how to undo '{}'; heal with the version that ran it", record.kind)};
    }
    return healer->second(record);
}

/// Undoes what is open; true if nothing is left. Each is marked as closed, for the next heal's sake if something stays;
/// healers are idempotent, so that where the disk is full it may as well be undone twice.
bool undo_all(int descriptor, const std::string& run_id, const std::vector<UndoRecord>& open,
              std::vector<HealOutcome>& outcomes) {
    bool all_undone = true;
    for (auto record = open.rbegin(); record != open.rend(); ++record) {
        Status status = undo(*record);
        if (status) journal_format::append(descriptor, journal_format::close_line(record->id));
        all_undone = all_undone && status.has_value();
        outcomes.push_back({run_id, *record, std::move(status)});
    }
    return all_undone;
}

/// A damaged line may have held a record, so the file is kept as evidence, under a name that is not read again.
Status put_away(const std::filesystem::path& path, bool damaged) {
    if (damaged) {
        const std::string aside = path.string() + ".damaged";
        if (rename(path.c_str(), aside.c_str()) != 0) return system_failure("renaming " + path.string(), errno);
    } else if (unlink(path.c_str()) != 0) {
        return system_failure("removing " + path.string(), errno);
    }
    return {};
}

void heal_journal(const std::filesystem::path& path, std::vector<HealOutcome>& outcomes) {
    const std::string run_id = path.stem().string();
    const Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0) {
        if (errno != ENOENT) outcomes.push_back(about_file(run_id, system_failure("opening " + path.string(), errno)));
        return;
    }
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            outcomes.push_back(about_file(run_id, system_failure("locking " + path.string(), errno)));
        return;  // the run is alive
    }
    struct stat info {};
    if (fstat(file.get(), &info) == 0 && info.st_nlink == 0) return;  // it ended, or was healed, before we had the lock

    const auto text = read_all(file.get());
    if (!text) {
        outcomes.push_back(about_file(run_id, text.error()));
        return;
    }
    const auto contents = journal_format::parse(*text);
    for (const std::string& line : contents.damaged) {
        outcomes.push_back(about_file(
            run_id, Error{fmt::format("this line of {} does not parse, what it recorded must be undone by hand: {}",
                                      path.string(), line)}));
    }
    // A torn last line is a record whose write never returned: nothing was done under it. It goes before we append.
    if (contents.whole_bytes != text->size() && ftruncate(file.get(), static_cast<off_t>(contents.whole_bytes)) != 0) {
        outcomes.push_back(about_file(run_id, system_failure("cutting the torn line off " + path.string(), errno)));
        return;
    }
    if (!undo_all(file.get(), run_id, contents.open, outcomes)) return;
    if (auto done = put_away(path, !contents.damaged.empty()); !done) {
        outcomes.push_back(about_file(run_id, done.error()));
    }
}

}  // namespace

RegisterHealer::RegisterHealer(std::string kind, Healer heal) {
    if (!healers().emplace(kind, heal).second) throw std::logic_error("two healers for undo records of kind " + kind);
}

std::vector<HealOutcome> heal_dead_runs(const std::filesystem::path& state_directory) {
    std::vector<HealOutcome> outcomes;
    std::error_code failed;
    std::vector<std::filesystem::path> journals;
    for (std::filesystem::directory_iterator entry(state_directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        if (name.ends_with(".journal")) journals.push_back(entry->path());
    }
    if (failed && failed != std::errc::no_such_file_or_directory) {
        outcomes.push_back(about_file("", system_failure("reading " + state_directory.string(), failed.value())));
    }
    std::sort(journals.begin(), journals.end());
    for (const auto& journal : journals)
        heal_journal(journal, outcomes);
    return outcomes;
}

}  // namespace squall
