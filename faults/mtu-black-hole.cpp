// mtu-black-hole: packets beyond some length vanish, and nobody says so (RFC 2923, 2.1): handshakes and heartbeats get
// through, what is long never does.
#include <fmt/format.h>

#include "faults/core/fault.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

Witness witness_of(const proxy::AimedRule& rule, const kernel::PathCount& counts, std::uint32_t mtu) {
    const auto packets = counts.all();
    Witness witness;
    witness.bit = packets.treated > 0;
    witness.evidence =
        fmt::format("{} packets of more than {} B were dropped by nftables in the path, {} of up to {} B passed",
                    packets.treated, mtu, packets.passed, mtu);
    witness.measures = {{"connections", static_cast<double>(rule.connections().size())},
                        {"packets_too_long", static_cast<double>(packets.treated)},
                        {"packets_passed", static_cast<double>(packets.passed)}};
    return witness;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto direction = proxy::direction_of(options);
    if (rig.proxy != nullptr && direction != kernel::Direction::to_client) {
        return Error{
            "mtu-black-hole: behind a proxy only direction to-subscriber can be told by length: what the proxy sends "
            "is not yet cut to packets where the path looks at it"};
    }
    const auto mtu = static_cast<std::uint32_t>(options.number("mtu"));
    auto rule = proxy::AimedRule::begin(rig, aim, {.direction = direction, .longer_than = mtu},
                                        proxy::AimedRule::Later::treated, "mtu-black-hole");
    if (!rule) return rule.error();
    return proxy::rule_injection(
        std::move(*rule), [mtu](const auto& aimed, const auto& counts) { return witness_of(aimed, counts, mtu); });
}

const RegisterFault registered{Fault{
    .name = "mtu-black-hole",
    .summary = "Packets beyond some length vanish without an ICMP message: a tunnel on the way, and a firewall.",
    .mechanism = "The path drops the packets of the chosen connections that are too long (nftables, meta length), and "
                 "says nothing.",
    .privilege = "user namespace",
    .witness = "Packets were dropped that were too long; those that were not passed.",
    .healing = "The path lets the packets through again.",
    .site = Site::path,
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "socket-diagnostics"},
    .options = {{.name = "mtu",
                 .dimension = dimension::bytes,
                 .doc = "Length of the longest IP packet that gets through; the path's own MTU is 1500B.",
                 .fallback = "1280B",
                 .min = 68,
                 .max = 1499},
                proxy::direction_option("to-subscriber")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
