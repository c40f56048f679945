// nat-forget: a NAT or a load balancer has lost its entry for some connections. Their packets lead nowhere from then
// on, and it says so (RST) or does not. Both ends still believe in the connection.
#include <fmt/format.h>

#include "faults/core/fault.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

Witness witness_of(const proxy::AimedRule& rule, const kernel::PathCount& counts, bool resets) {
    const std::size_t met = rule.met(counts);
    Witness witness;
    witness.bit = met == rule.aimed();
    witness.evidence = fmt::format(
        "{} of {} connections sent packets after they were forgotten ({} from the subscriber, {} from the target); "
        "they were {} by nftables in the path",
        met, rule.aimed(), counts.to_target.treated, counts.to_client.treated,
        resets ? "answered with RST" : "dropped");
    witness.measures = {{"connections", static_cast<double>(rule.aimed())},
                        {"connections_met", static_cast<double>(met)},
                        {"packets_from_subscriber", static_cast<double>(counts.to_target.treated)},
                        {"packets_from_target", static_cast<double>(counts.to_client.treated)}};
    return witness;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const bool resets = options.choice("answer") == "reset";
    const auto action = resets ? kernel::Treatment::Action::reset : kernel::Treatment::Action::drop;
    auto rule = proxy::AimedRule::begin(rig, aim, {.action = action}, proxy::AimedRule::Later::spared, "nat-forget");
    if (!rule) return rule.error();
    rig.clients.mark_lost(rule->connections());
    return proxy::rule_injection(std::move(*rule), [resets](const auto& aimed, const auto& counts) {
        return witness_of(aimed, counts, resets);
    });
}

const RegisterFault registered{Fault{
    .name = "nat-forget",
    .summary = "A NAT or a load balancer forgets connections: their next packet leads nowhere, or meets a reset.",
    .mechanism =
        "The path drops every packet of the chosen connections (nftables), or rejects it with an RST to whoever "
        "sent it.",
    .privilege = "user namespace",
    .witness = "Each chosen connection sent at least one packet after it was forgotten.",
    .healing = "The path lets the packets through again.",
    .site = Site::path,
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "socket-diagnostics"},
    .options = {{.name = "answer",
                 .kind = OptionSpec::Kind::choice,
                 .dimension = {},
                 .doc = "What the next packet meets: nothing (drop), or an RST to its sender (reset).",
                 .fallback = "reset",
                 .choices = {"drop", "reset"}}},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
