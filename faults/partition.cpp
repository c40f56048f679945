// partition: nothing gets through between the target and some subscribers, for a while. Both ends keep their
// connections, and those that outlast it go on where they were.
#include <fmt/format.h>

#include "faults/core/fault.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

Witness witness_of(const proxy::AimedRule& rule, const kernel::PathCount& counts) {
    const std::size_t bitten = rule.met(counts);
    Witness witness;
    witness.bit = bitten == rule.aimed();
    witness.evidence = fmt::format(
        "{} of {} connections lost packets ({} to the target, {} to the subscriber, dropped by nftables in the "
        "path); {} handshake packets were dropped, {} later connections cut",
        bitten, rule.aimed(), counts.to_target.treated, counts.to_client.treated, counts.handshakes.treated,
        rule.later());
    witness.measures = {{"connections", static_cast<double>(rule.aimed())},
                        {"connections_with_drops", static_cast<double>(bitten)},
                        {"dropped_to_target", static_cast<double>(counts.to_target.treated)},
                        {"dropped_to_subscriber", static_cast<double>(counts.to_client.treated)},
                        {"handshake_packets_dropped", static_cast<double>(counts.handshakes.treated)},
                        {"later_connections_cut", static_cast<double>(rule.later())}};
    return witness;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    auto rule = proxy::AimedRule::begin(rig, aim, {.direction = proxy::direction_of(options)},
                                        proxy::AimedRule::Later::treated, "partition");
    if (!rule) return rule.error();
    return proxy::rule_injection(std::move(*rule), witness_of);
}

const RegisterFault registered{Fault{
    .name = "partition",
    .summary = "Nothing gets through between the target and some subscribers until the network has healed.",
    .mechanism = "The path drops the packets of each chosen connection (nftables); aimed at everybody, those of "
                 "handshakes with the target as well.",
    .privilege = "user namespace",
    .witness = "Each chosen connection lost at least one packet.",
    .healing = "The path lets the packets through again; connections that both ends still hold go on.",
    .site = Site::path,
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "socket-diagnostics"},
    .options = {proxy::direction_option("both")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
