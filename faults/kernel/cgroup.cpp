#include "faults/kernel/cgroup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <set>
#include <sstream>

#include "faults/kernel/cgroup_files.hpp"

namespace squall::kernel {

namespace files = cgroup_files;

struct Cgroup::State {
    struct Group {
        std::filesystem::path path;
        std::uint64_t undo_record = 0;
    };

    explicit State(Journal& j) : journal(j) {}

    Journal& journal;
    bool unified = false;
    std::filesystem::path cpu;  ///< our own groups; empty: there is none
    std::filesystem::path accounting;
    std::filesystem::path memory;
    std::vector<Group> made;
};

namespace {

constexpr Nanos nanos_per_micro = 1000;

Result<std::int64_t> read_number(const std::filesystem::path& file) {
    const auto text = files::read(file);
    if (!text) return text.error();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) {
        return Error{fmt::format("{} holds '{}', which is no number", file.string(), *text)};
    }
    return value;
}

/// "key value" lines of cpu.stat; a key that is not there is 0.
std::map<std::string, std::uint64_t> key_values(const std::string& text) {
    std::map<std::string, std::uint64_t> values;
    std::istringstream lines(text);
    std::string key;
    std::uint64_t value = 0;
    while (lines >> key >> value)
        values[key] = value;
    return values;
}

std::string micros(Nanos value) {
    return std::to_string(value / nanos_per_micro);
}

}  // namespace

Cgroup::Cgroup(std::unique_ptr<State> state) : state_(std::move(state)) {}

Cgroup::~Cgroup() {
    if (const Status removed = remove(); !removed) {
        std::fprintf(stderr, "squall: %s\n", removed.error().message.c_str());
    }
}

Result<std::unique_ptr<Cgroup>> Cgroup::create(Journal& journal, const std::string& run_id) {
    const auto where = files::find_hierarchies();
    if (!where) return where.error();
    std::unique_ptr<Cgroup> cgroup(new Cgroup(std::make_unique<State>(journal)));  // its destructor undoes a part-way
    State& state = *cgroup->state_;
    state.unified = where->unified;

    const std::string name = std::string(files::group_prefix) + run_id;
    const auto below = [&](const std::filesystem::path& parent) { return parent.empty() ? parent : parent / name; };
    state.cpu = below(where->cpu);
    state.accounting = below(where->accounting);
    state.memory = below(where->memory);

    for (const auto& path : std::set{state.cpu, state.accounting, state.memory}) {  // controllers may share one mount
        if (path.empty()) continue;
        const auto record = journal.open("cgroup-remove", {{"path", path.string()}});
        if (!record) return record.error();
        if (mkdir(path.c_str(), 0755) != 0) {
            const Error failure = system_failure("making the control group " + path.string(), errno);
            if (auto closed = journal.close(*record); !closed) return closed.error();
            return failure;
        }
        state.made.push_back({path, *record});
    }
    return cgroup;
}

bool Cgroup::has_memory() const {
    return !state_->memory.empty();
}

std::string Cgroup::describe() const {
    std::vector<std::string> controllers{"cpu"};
    if (!state_->unified && !state_->accounting.empty()) controllers.push_back("cpuacct");
    if (has_memory()) controllers.push_back("memory");
    return fmt::format("cgroup v{} ({})", state_->unified ? 2 : 1, fmt::join(controllers, ", "));
}

Status Cgroup::add(pid_t pid) const {
    for (const auto& group : state_->made) {
        if (auto added = files::write(group.path / "cgroup.procs", std::to_string(pid)); !added) return added;
    }
    return {};
}

std::vector<pid_t> Cgroup::processes() const {
    std::set<pid_t> all;
    for (const auto& group : state_->made) {
        if (const auto members = files::processes(group.path)) all.insert(members->begin(), members->end());
    }
    return {all.begin(), all.end()};
}

Result<CpuLimit> Cgroup::cpu_limit() const {
    CpuLimit limit;
    if (state_->unified) {
        const auto text = files::read(state_->cpu / "cpu.max");
        if (!text) return text.error();
        std::istringstream fields(*text);
        std::string quota;
        Nanos period = 0;
        fields >> quota >> period;
        limit.quota = quota == "max" ? -1 : std::strtoll(quota.c_str(), nullptr, 10) * nanos_per_micro;
        limit.period = period * nanos_per_micro;
    } else {
        const auto quota = read_number(state_->cpu / "cpu.cfs_quota_us");
        if (!quota) return quota.error();
        const auto period = read_number(state_->cpu / "cpu.cfs_period_us");
        if (!period) return period.error();
        limit.quota = *quota < 0 ? -1 : *quota * nanos_per_micro;
        limit.period = *period * nanos_per_micro;
    }
    // Linux before 5.14 has no burst.
    const auto burst = read_number(state_->cpu / (state_->unified ? "cpu.max.burst" : "cpu.cfs_burst_us"));
    if (burst) {
        limit.burst = *burst * nanos_per_micro;
    } else if (burst.error().system_error != ENOENT) {
        return burst.error();
    }
    return limit;
}

std::vector<CgroupWrite> Cgroup::writes_for(const CpuLimit& limit) const {
    const std::filesystem::path burst = state_->cpu / (state_->unified ? "cpu.max.burst" : "cpu.cfs_burst_us");
    // The kernel refuses a burst above the quota, whichever of the two is written first: so burst goes to 0 in between.
    const bool has_burst = access(burst.c_str(), F_OK) == 0;
    std::vector<CgroupWrite> writes;
    if (has_burst) writes.push_back({burst, "0"});
    if (state_->unified) {
        const std::string quota = limit.quota < 0 ? "max" : micros(limit.quota);
        writes.push_back({state_->cpu / "cpu.max", quota + " " + micros(limit.period)});
    } else {
        writes.push_back({state_->cpu / "cpu.cfs_period_us", micros(limit.period)});
        writes.push_back({state_->cpu / "cpu.cfs_quota_us", limit.quota < 0 ? "-1" : micros(limit.quota)});
    }
    // A burst that this kernel lacks fails at the write below, with the file's name.
    if (limit.burst > 0) writes.push_back({burst, micros(limit.burst)});
    return writes;
}

Status Cgroup::set_cpu_limit(const CpuLimit& limit) const {
    for (const auto& [path, value] : writes_for(limit)) {
        if (auto written = files::write(path, value); !written) return written;
    }
    return {};
}

Result<CpuStat> Cgroup::cpu_stat() const {
    const auto text = files::read(state_->cpu / "cpu.stat");
    if (!text) return text.error();
    auto values = key_values(*text);
    CpuStat stat;
    stat.periods = values["nr_periods"];
    stat.throttled_periods = values["nr_throttled"];
    if (state_->unified) {
        stat.throttled_time = static_cast<Nanos>(values["throttled_usec"]) * nanos_per_micro;
        stat.usage = static_cast<Nanos>(values["usage_usec"]) * nanos_per_micro;
        return stat;
    }
    stat.throttled_time = static_cast<Nanos>(values["throttled_time"]);
    if (!state_->accounting.empty()) {
        const auto usage = read_number(state_->accounting / "cpuacct.usage");
        if (!usage) return usage.error();
        stat.usage = *usage;
    }
    return stat;
}

Status Cgroup::set_cpu_weight(int weight) const {
    constexpr int shares_of_default = 1024, shares_min = 2;  // v1's scale
    if (state_->unified) return files::write(state_->cpu / "cpu.weight", std::to_string(weight));
    const int shares = std::max(weight * shares_of_default / 100, shares_min);
    return files::write(state_->cpu / "cpu.shares", std::to_string(shares));
}

Result<std::uint64_t> Cgroup::memory_charged() const {
    if (!has_memory()) return Error{"there is no memory controller that this user may write to"};
    const auto bytes = read_number(state_->memory / (state_->unified ? "memory.current" : "memory.usage_in_bytes"));
    if (!bytes) return bytes.error();
    return static_cast<std::uint64_t>(*bytes);
}

Result<std::uint64_t> Cgroup::memory_bytes() const {
    auto total = memory_charged();
    if (!total || state_->unified) return total;  // v2 counts socket memory in
    const auto sockets = read_number(state_->memory / "memory.kmem.tcp.usage_in_bytes");
    if (sockets) return *total + static_cast<std::uint64_t>(*sockets);
    if (sockets.error().system_error != ENOENT) return sockets.error();
    return total;
}

Result<CgroupWrite> Cgroup::memory_limit(MemoryBound bound) const {
    if (!has_memory()) return Error{"there is no memory controller that this user may write to"};
    if (!state_->unified && bound == MemoryBound::high) {
        return Error{"control groups v1 have no memory.high, which throttles; use kind: max, or a host with v2"};
    }
    const char* name = bound == MemoryBound::high ? "memory.high" : "memory.max";
    const std::filesystem::path file = state_->memory / (state_->unified ? name : "memory.limit_in_bytes");
    const auto value = files::read(file);
    if (!value) return value.error();
    return CgroupWrite{file, *value};
}

Result<MemoryEvents> Cgroup::memory_events() const {
    if (!has_memory()) return Error{"there is no memory controller that this user may write to"};
    const auto text = files::read(state_->memory / (state_->unified ? "memory.events" : "memory.oom_control"));
    if (!text) return text.error();
    auto values = key_values(*text);
    if (state_->unified) return MemoryEvents{values["high"], values["max"], values["oom_kill"]};
    const auto refused = read_number(state_->memory / "memory.failcnt");
    if (!refused) return refused.error();
    return MemoryEvents{0, static_cast<std::uint64_t>(*refused), values["oom_kill"]};
}

Status Cgroup::remove() {
    Status first_failure;
    std::vector<State::Group> left;
    for (const auto& group : state_->made) {
        Status removed = files::kill_and_remove(group.path);
        if (removed) {
            removed = state_->journal.close(group.undo_record);
        } else {
            left.push_back(group);  // the record stays open: heal tries again
        }
        if (!removed && first_failure) first_failure = removed;
    }
    state_->made = std::move(left);
    return first_failure;
}

}  // namespace squall::kernel
