// Two threads beside a run: one asks the kernel about the target, one asks the target about itself.
// They are apart because a target that is throttled answers late, and the kernel must be sampled all the same.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/namespace.hpp"
#include "suites/engine/recorder.hpp"
#include "suites/metrics/stolen_cpu.hpp"
#include "suites/targets/profile.hpp"
#include "suites/targets/supervised_process.hpp"

namespace squall {

/// Calls `work` at once and then every `interval` on a thread of its own until destroyed.
class PeriodicThread {
public:
    PeriodicThread(Recorder& recorder, Nanos interval, std::function<Status()> prepare, std::function<void()> work);
    ~PeriodicThread();

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stop_ = false;
    std::thread thread_;
};

/// rig.stall, every 250 ms. The load generator may run under a real-time priority, and then cannot tell that the host
/// has stopped running anything else, the kernel's own threads for the network among it.
class StallWatch {
public:
    explicit StallWatch(Recorder& recorder);

private:
    Nanos due_ = 0;
    PeriodicThread thread_;
};

struct SampledTarget {
    const SupervisedProcess* process = nullptr;  ///< null: not ours; only what it declares is sampled
    const kernel::Cgroup* cgroup = nullptr;
    const kernel::Namespace* netns = nullptr;
    Endpoint endpoint;
    const tls::Context* tls = nullptr;  ///< null: plain
};

/// target.* gauges, every 250 ms.
class KernelSampler {
public:
    KernelSampler(Recorder& recorder, const SampledTarget& target);

private:
    void sample();
    void sample_processes(Nanos at, const Result<kernel::CpuStat>& stat);
    void sample_contention(const std::vector<pid_t>& processes, Nanos at, Nanos cpu_time, Nanos throttled);
    void sample_cgroup(Nanos at, const Result<kernel::CpuStat>& stat);
    void sample_sockets(Nanos at);
    void gauge(const char* metric, Nanos at, double value) { recorder_.sample(metric, {}, at, value); }

    Recorder& recorder_;
    SampledTarget target_;
    Nanos last_cpu_time_ = -1, last_cpu_at_ = 0;
    Nanos last_throttled_ = -1, last_throttled_at_ = 0;
    ContentionReader contention_;
    std::optional<CpuContention> last_contention_;
    std::optional<double> own_bytes_;  ///< none: it does not run
    PeriodicThread thread_;            // last: it starts when everything above is there
};

/// The target's own metrics under squall's names, and whether it calls itself ready, every 500 ms.
class DeclaredSampler {
public:
    DeclaredSampler(Recorder& recorder, const SampledTarget& target, const Profile& profile);

    /// Why the last page could not be used; empty: it could.
    std::string problem() const;
    std::uint64_t pages() const { return pages_; }
    /// Once every subscriber has gone: waits for a page, asked for after this call, that counts none any more, so that
    /// the target's books hold all ends. Where it does not count them, or some are left, for one that was asked for
    /// after `noticed_by` (of the recorder's clock), and at most 1 s past that. False: there is no such page.
    bool wait_for_last_page(Nanos noticed_by) const;

private:
    void sample();
    pid_t pid() const { return target_.process ? target_.process->pid() : 0; }
    Status read_page(const std::string& page, Nanos at, pid_t asked);
    Result<std::string> get(const std::string& path, unsigned& status);

    Recorder& recorder_;
    SampledTarget target_;
    const Profile& profile_;
    std::map<Key, double> last_counts_;
    const pid_t first_pid_;
    pid_t last_pid_;        ///< whose page was read last
    std::set<Key> series_;  ///< of all pages
    std::atomic<std::uint64_t> pages_ = 0;
    std::atomic<double> declared_connections_ = 0;
    std::atomic<bool> counts_connections_ = false;
    std::atomic<Nanos> last_page_at_ = -1;  ///< when it was asked for
    mutable std::mutex mutex_;
    std::string problem_;
    PeriodicThread thread_;
};

}  // namespace squall
