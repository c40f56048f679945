// Fault -> Injection -> Witness: the three things that every file in faults/ provides.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/core/option.hpp"
#include "faults/core/target_process.hpp"

namespace squall {

namespace kernel {
class Cgroup;
class Namespace;
class PathFilter;
}  // namespace kernel
namespace proxy {
class Proxy;
}
class Journal;

/// What a fault may reach in this run. A null pointer means that the run has none (an external target has no
/// cgroup; a scenario without a proxy has no proxy); a fault that needs it fails with the reason.
struct Rig {
    Journal& journal;
    Clients& clients;
    std::string run_id;                          ///< names every object that is made
    kernel::Cgroup* target_cgroup = nullptr;     ///< CPU controller's group of the target
    kernel::Namespace* clients_netns = nullptr;  ///< the subscribers'
    kernel::Namespace* target_netns = nullptr;
    kernel::Namespace* path_netns = nullptr;
    kernel::PathFilter* path_filter = nullptr;  ///< nftables table in the path
    proxy::Proxy* proxy = nullptr;
    Endpoint target{};                        ///< the target's listener
    TargetProcess* target_process = nullptr;  ///< of a target that squall launched
};

/// Which connections a fault is aimed at. Faults on the target's process ignore it.
struct Aim {
    std::string cohort;      ///< empty: all
    double share = 1.0;      ///< 0..1 of the connections that are open at the injection; at least one
    std::uint64_t seed = 0;  ///< which ones: the same seed and count, the same choice
    std::optional<std::uint32_t> subscriber = {};  ///< this one alone (ConnectionId::subscriber), and no share

    /// Not all of the cohort: who they are is chosen at the injection.
    bool some() const { return subscriber || share < 1; }
    /// No cohort, no share: also who is not there yet.
    bool everybody() const { return cohort.empty() && !some(); }
};

/// Picks the aim's subscriber, if it is in `all`; else `share` of `all`, at least one, by `seed`; order is kept.
std::vector<ClientConnection> choose(const std::vector<ClientConnection>& all, const Aim& aim);
/// What a fault says whose aim found nobody.
Error nobody_open(std::string_view fault, const Aim& aim);

/// The chosen ones among the WebSocket connections of the cohort that is aimed at.
struct ChosenWebSockets {
    std::vector<ConnectionId> ids;
    std::size_t sse_left_out = 0;  ///< of the cohort
};
/// Error, which names `fault`: there are none.
Result<ChosenWebSockets> choose_websockets(Clients& clients, const Aim& aim, std::string_view fault);

/// The option `protocol` of faults that open connections beside the subscribers', and the opening that it asks for.
OptionSpec protocol_option();
Opening opening_of(Clients& clients, const Options& options);

/// Proof that a fault bit. `bit == false` makes the run inconclusive, never a pass.
struct Witness {
    bool bit = false;
    std::string evidence = {};  ///< what was measured, for people: "41 of 40 periods throttled, 2.1s"
    struct Measure {
        std::string name;  ///< e.g. "throttled_periods"
        double value = 0;
    };
    std::vector<Measure> measures = {};
    /// Connections that were aimed at: their identities go into the history (label fault=NAME).
    std::vector<ConnectionId> connections = {};
};

/// A fault in force. Move-only in spirit: held by unique_ptr; the destructor heals if heal() was not called, and
/// reports a failed clean-up on stderr.
class Injection {
public:
    virtual ~Injection() = default;
    Injection() = default;
    Injection(const Injection&) = delete;
    Injection& operator=(const Injection&) = delete;

    /// Called about every 50 ms while in force: steps, ramps, and sampling for the witness.
    virtual Status advance(Nanos since_injection) = 0;
    /// Reads the evidence. Called at least once, just before heal(); may be called before.
    virtual Result<Witness> witness() = 0;
    /// Puts back what was changed and closes the undo record. Idempotent.
    virtual Status heal() = 0;
};

/// What is done where the host lacks something that the fault needs: the same to the target, less well.
struct Fallback {
    std::string mechanism;           ///< one sentence: how it is done then, and what is not the same
    std::vector<std::string> needs;  ///< capability keys, all of them
    std::string holds = {};          ///< besides what its fault does: see Fault::holds
    Result<std::unique_ptr<Injection>> (*inject)(Rig&, const Aim&, const Options&) = nullptr;
};

/// Where a fault takes place, and so what of a run has to be squall's.
enum class Site {
    unsaid,   ///< no fault's that is registered
    clients,  ///< at the subscribers, or at connections beside theirs
    proxy,    ///< in squall's proxy: the scenario has to have one
    path,     ///< in the kernel between subscribers and target: squall's own network, so a target that it started
    target,   ///< at the target's processes: those that squall started
};

/// A kind of fault, registered by its file. Everything that is not `inject` is documentation that tools print.
struct Fault {
    std::string name;       ///< kebab-case: "cpu-cap"
    std::string summary;    ///< one sentence: what production does
    std::string mechanism;  ///< one sentence: how it is done here
    std::string privilege;  ///< "root, or a delegated cgroup", "user namespace", "none"
    std::string witness;    ///< one sentence: what proves it
    std::string healing;    ///< one sentence
    Site site = Site::unsaid;
    Site (*site_by)(const Options&) = nullptr;  ///< where it depends on the options, in place of `site`
    /// What only one injection at a time can be in charge of (of an aimed fault: at the same subscriber), as a noun; a
    /// scenario in which two are is wrong. Empty: any number of them add up.
    std::string holds = {};
    bool aimed = false;       ///< takes cohort, share and subscriber
    bool takes_cpu = false;   ///< runs on the target's CPUs: what it takes there is the test, not the host's noise
    bool plain_http = false;  ///< reads or writes HTTP on the wire: cannot be had of a target that speaks TLS
    std::vector<std::string> needs;  ///< capability keys, all of them
    std::vector<OptionSpec> options;
    Result<std::unique_ptr<Injection>> (*inject)(Rig&, const Aim&, const Options&) = nullptr;
    std::optional<Fallback> fallback = {};
};

/// Faults register themselves: `const RegisterFault registered{Fault{…}};` at namespace scope in their file.
/// They are linked as an object library, so that the linker keeps them.
struct RegisterFault {
    explicit RegisterFault(Fault fault);
};
const std::vector<Fault>& all_faults();  ///< sorted by name
const Fault* find_fault(std::string_view name);
Site site_of(const Fault& fault, const Options& options);

}  // namespace squall
