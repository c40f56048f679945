// The target's control group: CPU quota, CPU and memory accounting; v1 and v2 behind one interface.
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

namespace squall::kernel {

/// Quota over a period. `quota` < 0: no limit.
struct CpuLimit {
    Nanos quota = -1;
    Nanos period = 100'000'000;  ///< 1ms..1s
    Nanos burst = 0;             ///< 0..quota
};

struct CpuStat {
    std::uint64_t periods = 0;
    std::uint64_t throttled_periods = 0;
    Nanos throttled_time = 0;
    Nanos usage = 0;
};

/// v2 `high`: above it the group is slowed down and made to give back; `max`: it gets no more, and is killed for want
/// of it.
enum class MemoryBound { high, max };

/// How often a bound was felt; only differences mean anything.
struct MemoryEvents {
    std::uint64_t throttled = 0;  ///< v2: memory.high was exceeded; v1: 0
    std::uint64_t refused = 0;    ///< v2: memory.max, v1: memory.limit_in_bytes was reached
    std::uint64_t killed = 0;     ///< processes, for want of memory
};

/// One file of a control group and what to write into it.
struct CgroupWrite {
    std::filesystem::path path;
    std::string value;
};

class Cgroup {
public:
    /// Makes squall-RUN_ID under the writable hierarchies (v2 with cpu if there is one, else v1 cpu, cpuacct and
    /// memory as far as each exists), with an undo record each. Errors: no CPU controller this user may write to;
    /// the message says what would delegate one.
    static Result<std::unique_ptr<Cgroup>> create(Journal& journal, const std::string& run_id);
    ~Cgroup();  ///< remove(), if that was not called

    bool has_memory() const;
    std::string describe() const;  ///< "cgroup v1 (cpu, cpuacct, memory)"

    /// Moves a process (and what it forks later) in. Called by the child itself before exec, with its own pid.
    Status add(pid_t pid) const;
    std::vector<pid_t> processes() const;

    Result<CpuLimit> cpu_limit() const;
    Status set_cpu_limit(const CpuLimit& limit) const;
    /// What set_cpu_limit writes, in its order: undo records of a limit are made of the earlier limit's writes.
    std::vector<CgroupWrite> writes_for(const CpuLimit& limit) const;
    Result<CpuStat> cpu_stat() const;
    /// Its part of a CPU that it and its siblings want: 1 to 10,000, 100 is every group's to begin with.
    Status set_cpu_weight(int weight) const;
    Result<std::uint64_t> memory_bytes() const;  ///< page cache included; v1: + kmem.tcp

    /// What its memory limits count: v1 without kmem.tcp, which is limited by itself.
    Result<std::uint64_t> memory_charged() const;
    /// The file of a bound and what it holds. Errors: no memory controller; v1 has no `high`.
    Result<CgroupWrite> memory_limit(MemoryBound bound) const;
    Result<MemoryEvents> memory_events() const;

    /// Kills what is left inside, then removes the groups and closes their undo records.
    Status remove();

private:
    struct State;
    explicit Cgroup(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall::kernel
