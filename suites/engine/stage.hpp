// What a run is played on: network, control group, target, proxy. Made in order, taken down in reverse.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>

#include "faults/core/fault.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/kernel/testbed.hpp"
#include "faults/proxy/proxy.hpp"
#include "suites/engine/host.hpp"
#include "suites/engine/sampler.hpp"
#include "suites/targets/command.hpp"
#include "suites/targets/http_answer.hpp"
#include "suites/targets/profile.hpp"
#include "suites/targets/supervised_process.hpp"
#include "suites/workload/workload.hpp"

namespace squall {

class Stage {
public:
    /// A target that is reached, not launched, gets no network of squall's: subscribers and proxy live in the host's.
    /// Without a cgroup some faults have nothing to work on: `notes()` says so, and they fail with the reason when they
    /// are injected.
    static Result<std::unique_ptr<Stage>> set(const Scenario& scenario, const Profile& profile,
                                              const FittedSettings& settings, Journal& journal,
                                              const std::filesystem::path& directory);
    /// Waits until the target answers as its profile says. Error: it ended, or did not in time, with its last words;
    /// EINTR when `interrupted` became true meanwhile.
    Status wait_ready(const Profile& profile, const std::atomic<bool>* interrupted);

    workload::Wire wire(const Profile& profile) const;
    /// As the target says, once it is ready; empty: it does not say.
    Result<std::string> version(const Profile& profile) const;
    Rig rig(Journal& journal, Clients& clients);
    SampledTarget sampled() const;
    std::function<Status()> enter_clients();  ///< for the workload's thread, before its start() returns

    SupervisedProcess* process() const { return process_.get(); }
    const proxy::Proxy* proxy() const { return proxy_.get(); }
    const std::vector<std::string>& notes() const { return notes_; }
    /// Not empty: the target has printed so much that the run has to end.
    std::string log_problem() const;
    std::string describe_cgroup() const { return cgroup_ ? cgroup_->describe() : "none"; }

    /// Ends the target and removes what was made; the first failure is returned, the rest is done all the same.
    Status strike();

private:
    Stage() = default;
    Status build_network(const std::string& run_id);
    Status launch(const Profile& profile, const FittedSettings& settings, Journal& journal);
    Status start_proxy();
    std::string last_words() const;
    /// Asks the target once, from the calling thread's network namespace.
    Status ask_whether_ready(const Profile& profile) const;
    Result<HttpAnswer> get(const Profile& profile, const std::string& path) const;
    Place place(const Profile& profile) const;

    std::filesystem::path directory_;
    std::optional<kernel::Testbed> testbed_;
    std::unique_ptr<kernel::PathFilter> filter_;
    std::unique_ptr<kernel::Cgroup> cgroup_;
    std::unique_ptr<SupervisedProcess> process_;
    std::unique_ptr<proxy::Proxy> proxy_;
    Endpoint target_{};
    std::shared_ptr<const tls::Context> tls_;  // null: the target is spoken to in plain
    CpuSplit cpus_;
    std::vector<std::string> notes_;
};

}  // namespace squall
