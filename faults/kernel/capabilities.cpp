// What this host lets squall do. Each probe does the real thing once, in a child process that ends with everything it
// made; a user without root gets the same rights in it as a run would: root in a user namespace.
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "faults/core/capability.hpp"
#include "faults/core/journal.hpp"
#include "faults/kernel/cgroup.hpp"
#include "faults/kernel/cgroup_files.hpp"
#include "faults/kernel/duplicator.hpp"
#include "faults/kernel/namespace.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/kernel/shaper.hpp"
#include "faults/kernel/socket_table.hpp"
#include "faults/kernel/testbed.hpp"

namespace squall::kernel {
namespace {

constexpr const char* enable_user_namespaces =
    "run as root, or: sysctl -w user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1 "
    "kernel.apparmor_restrict_unprivileged_userns=0";

std::string run_name() {
    return fmt::format("probe-{}", getpid());
}

/// Runs `attempt` in a child; what it says (how it worked, or why not) comes back through a pipe.
Capability in_child(Result<std::string> (*attempt)(), const char* enable) {
    Capability capability;
    int ends[2];
    if (pipe(ends) != 0) {
        capability.detail = system_failure("making a pipe for the probe", errno).message;
        return capability;
    }
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        const auto outcome = attempt();
        const std::string text = outcome ? "+" + *outcome : "-" + outcome.error().message;
        const ssize_t told = write(ends[1], text.data(), text.size());
        _exit(told == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string text;
    char buffer[1024];
    for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || text.empty()) {
        capability.detail = "the probe's child process did not report";
    } else {
        capability.available = text.front() == '+';
        capability.detail = text.substr(1);
    }
    if (!capability.available) capability.enable = enable;
    return capability;
}

/// The rights that a run has: the caller's, or root's in a user namespace. Returns how, for the detail.
Result<std::string> gain_rights() {
    if (geteuid() == 0) return "as root";
    if (auto root = become_root_in_user_namespace(); !root) return root.error();
    return "in a user namespace";
}

Result<std::string> try_user_namespace() {
    if (auto root = become_root_in_user_namespace(); !root) return root.error();
    if (auto made = Namespace::create(); !made) return made.error();
    return "with a network namespace in it";
}

Result<std::string> try_network_namespaces() {
    auto rights = gain_rights();
    if (!rights) return rights;
    if (auto testbed = make_testbed(); !testbed) return testbed.error();
    return "veth pairs and routes, " + *rights;
}

Result<std::string> try_nftables() {
    auto rights = gain_rights();
    if (!rights) return rights;
    const auto path = Namespace::create();
    if (!path) return path.error();
    const auto filter = PathFilter::create(*path, run_name());
    if (!filter) return filter.error();
    const Flow flow{{Testbed::client_address, 1}, {Testbed::target_address, 2}};
    if (auto dropped = (*filter)->drop({flow}, Direction::both); !dropped) return dropped.error();
    const auto counts = (*filter)->counts();
    if (!counts) return counts.error();
    if (counts->size() != 1) return Error{"the counters of a set's elements cannot be read back"};
    return "sets with counters, " + *rights;
}

Result<std::string> try_nftables_rules() {
    auto rights = gain_rights();
    if (!rights) return rights;
    const auto testbed = make_testbed();
    if (!testbed) return testbed.error();
    const auto filter = PathFilter::create(testbed->path, run_name(), {&testbed->clients, &testbed->target});
    if (!filter) return filter.error();
    const Flow flow{{Testbed::client_address, 1}, {Testbed::target_address, 2}};
    for (const auto action : {Treatment::Action::drop, Treatment::Action::reset}) {
        const auto rule = (*filter)->add(
            {.action = action, .share = 0.5, .longer_than = 1000, .handshakes = Handshakes{.listener = flow.server}});
        if (!rule) return rule.error();
        if (auto treated = (*rule)->treat({flow}); !treated) return treated.error();
        if (const auto count = (*rule)->count(); !count) return count.error();
        if (auto removed = (*rule)->remove(); !removed) return removed.error();
    }
    return "by length, at random, with a reset, " + *rights;
}

Result<std::string> try_queue(const std::variant<Bottleneck, Delay>& queue) {
    auto rights = gain_rights();
    if (!rights) return rights;
    const auto testbed = make_testbed();
    if (!testbed) return testbed.error();
    const auto shaper = Shaper::create(testbed->path, Testbed::towards_clients, queue);
    if (!shaper) return shaper.error();
    if (const auto count = (*shaper)->count(); !count) return count.error();
    if (auto removed = (*shaper)->remove(); !removed) return removed.error();
    return *rights;
}

Result<std::string> try_traffic_shaping() {
    const auto rights = try_queue(Bottleneck{.rate = 1'000'000, .burst = 16'384, .queue = 65'536});
    if (!rights) return rights;
    return "htb with bfifo, " + *rights;
}

Result<std::string> try_netem() {
    const auto rights = try_queue(Delay{.least = 1'000'000, .jitter = 1'000'000});
    if (!rights) return rights;
    return "htb with netem, " + *rights;
}

Result<std::string> try_duplication() {
    auto rights = gain_rights();
    if (!rights) return rights;
    const auto testbed = make_testbed();
    if (!testbed) return testbed.error();
    const auto duplicator = Duplicator::create(testbed->path, run_name(), Testbed::towards_clients);
    if (!duplicator) return duplicator.error();
    if (const auto count = (*duplicator)->count(); !count) return count.error();
    return "nftables dup where the path sends, " + *rights;
}

/// As the rig splits them: the target has the larger half.
Capability probe_target_cpus() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const int all = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
    const int of_target = all < 2 ? all : all - all / 2;
    Capability capability{.available = of_target > 1,
                          .detail = fmt::format("{} of {} are the target's", of_target, all)};
    if (!capability.available) capability.enable = "a host with three CPUs or more";
    return capability;
}

/// The socket of a listener on loopback with a free port.
Result<int> listening_socket() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket < 0 || bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(socket, 1) != 0) {
        return system_failure("listening on loopback", errno);
    }
    return socket;
}

/// Runs `work` in a namespace of its own, where loopback is nobody else's.
Result<std::string> inside_namespace(Status (*work)()) {
    auto rights = gain_rights();
    if (!rights) return rights;
    const auto where = Namespace::create();
    if (!where) return where.error();
    if (auto done = where->run(work); !done) return done.error();
    return *rights;
}

Result<std::string> try_tcp_repair() {
    return inside_namespace([]() -> Status {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (socket < 0) return system_failure("opening a socket", errno);
        const int on = 1;  // the child's end closes it
        if (setsockopt(socket, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
            return system_failure("setting TCP_REPAIR", errno);
        }
        return {};
    });
}

Result<std::string> try_socket_diagnostics() {
    return inside_namespace([]() -> Status {
        if (auto socket = listening_socket(); !socket) return socket.error();
        const auto sockets = tcp_sockets();
        if (!sockets) return sockets.error();
        const bool seen = std::any_of(sockets->begin(), sockets->end(),
                                      [](const TcpSocket& s) { return s.state == TcpState::listen; });
        if (!seen) return Error{"a listening socket does not show in the socket table"};
        return {};
    });
}

Result<std::string> try_cgroup_cpu() {
    auto journal = Journal::create(default_state_directory(), run_name());
    if (!journal) return journal.error();
    const auto cgroup = Cgroup::create(*journal, run_name());
    if (!cgroup) return cgroup.error();
    if (auto set = (*cgroup)->set_cpu_limit({.quota = 50'000'000}); !set) return set.error();
    if (const auto stat = (*cgroup)->cpu_stat(); !stat) return stat.error();
    std::string described = (*cgroup)->describe();
    if (auto removed = (*cgroup)->remove(); !removed) return removed.error();
    return described;
}

Result<std::string> try_cgroup_memory() {
    auto journal = Journal::create(default_state_directory(), run_name());
    if (!journal) return journal.error();
    const auto cgroup = Cgroup::create(*journal, run_name());
    if (!cgroup) return cgroup.error();
    const auto limit = (*cgroup)->memory_limit(MemoryBound::max);
    if (!limit) return limit.error();
    if (auto set = cgroup_files::write(limit->path, "1073741824"); !set) return set.error();
    if (const auto events = (*cgroup)->memory_events(); !events) return events.error();
    std::string described = (*cgroup)->describe();
    if (auto removed = (*cgroup)->remove(); !removed) return removed.error();
    return described;
}

constexpr const char* delegate_control_groups =
    "run as root, or under: systemd-run --user --scope -p Delegate=yes squall …; on cgroup v2 as root: "
    "echo '+cpu +memory' > /sys/fs/cgroup/cgroup.subtree_control";

const RegisterCapability user_namespace{"user-namespace", "root's rights over namespaces of one's own, without root",
                                        [] { return in_child(try_user_namespace, enable_user_namespaces); }};
const RegisterCapability network_namespaces{"network-namespaces",
                                            "subscribers, path and target each in a network of its own",
                                            [] { return in_child(try_network_namespaces, enable_user_namespaces); }};
const RegisterCapability nftables{
    "nftables", "packets of chosen connections dropped in the path",
    [] { return in_child(try_nftables, "modprobe nf_tables nft_counter; apt-get install libnftables1"); }};
const RegisterCapability nftables_rules{
    "nftables-rules", "packets dropped in the path by their length or at random, or answered with a reset", [] {
        return in_child(try_nftables_rules, "modprobe -a nft_numgen nft_reject_inet; apt-get install libnftables1");
    }};
const RegisterCapability traffic_shaping{"traffic-shaping", "a bottleneck with a queue in the path",
                                         [] { return in_child(try_traffic_shaping, "modprobe sch_htb"); }};
const RegisterCapability netem{
    "netem", "packets kept for a while in the path",
    [] { return in_child(try_netem, "modprobe -a sch_htb sch_netem; a kernel with CONFIG_NET_SCH_NETEM"); }};
const RegisterCapability packet_duplication{
    "packet-duplication", "packets sent twice in the path",
    [] { return in_child(try_duplication, "modprobe nft_dup_netdev; Linux 5.16 with CONFIG_NETFILTER_EGRESS"); }};
const RegisterCapability target_cpus{"target-cpus", "several CPUs for the target, beside the rig's", probe_target_cpus};
const RegisterCapability tcp_repair{
    "tcp-repair", "connections that end without a packet",
    [] { return in_child(try_tcp_repair, "a kernel with CONFIG_CHECKPOINT_RESTORE, and network namespaces"); }};
const RegisterCapability socket_diagnostics{"socket-diagnostics", "the kernel's socket table: states and queues",
                                            [] { return in_child(try_socket_diagnostics, "modprobe tcp_diag"); }};
const RegisterCapability cgroup_cpu{"cgroup-cpu", "a CPU quota on the target",
                                    [] { return in_child(try_cgroup_cpu, delegate_control_groups); }};
const RegisterCapability cgroup_memory{"cgroup-memory", "a memory limit on the target",
                                       [] { return in_child(try_cgroup_memory, delegate_control_groups); }};

}  // namespace
}  // namespace squall::kernel
