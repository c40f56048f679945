// packet-loss: a share of the packets of some connections is lost on the way, each by a draw of its own.
#include <fmt/format.h>

#include <algorithm>

#include "faults/core/fault.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

Witness witness_of(const proxy::AimedRule& rule, const kernel::PathCount& counts) {
    const auto packets = counts.all();
    const auto total = static_cast<double>(packets.total());
    const double share = total == 0 ? 0 : static_cast<double>(packets.treated) / total;
    Witness witness;
    witness.bit = packets.treated > 0;
    witness.evidence =
        fmt::format("{} of {} packets of {} connections were dropped ({}), by nftables in the path", packets.treated,
                    packets.total(), rule.connections().size(), format_quantity(share, dimension::none, true));
    witness.measures = {{"connections", static_cast<double>(rule.connections().size())},
                        {"packets_dropped", static_cast<double>(packets.treated)},
                        {"packets_passed", static_cast<double>(packets.passed)},
                        {"share_dropped", share},
                        {"dropped_to_target", static_cast<double>(counts.to_target.treated)},
                        {"dropped_to_subscriber", static_cast<double>(counts.to_client.treated)},
                        {"handshake_packets_dropped", static_cast<double>(counts.handshakes.treated)}};
    return witness;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const Curve& loss = options.curve("loss");
    if (std::all_of(loss.knots.begin(), loss.knots.end(), [](const auto& knot) { return knot.value == 0; })) {
        return Error{
            "packet-loss: a loss of 0% is none; write a share, such as 1%, or a ramp, such as 0% -> 10% over 5s"};
    }
    const kernel::Treatment treatment{
        .direction = proxy::direction_of(options), .share = loss.value_at(0), .as_on_a_wire = !loss.constant()};
    auto rule = proxy::AimedRule::begin(rig, aim, treatment, proxy::AimedRule::Later::treated, "packet-loss");
    if (!rule) return rule.error();
    return proxy::rule_injection(std::move(*rule), witness_of, loss);
}

const RegisterFault registered{Fault{
    .name = "packet-loss",
    .summary = "A share of the packets is lost on the way: radio, a full queue, a worn-out cable.",
    .mechanism = "The path drops each packet of the chosen connections by a draw of its own (nftables, numgen random).",
    .privilege = "user namespace",
    .witness = "Packets of the chosen connections were dropped; how many of how many.",
    .healing = "The path lets the packets through again.",
    .site = Site::path,
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "socket-diagnostics"},
    .options = {{.name = "loss",
                 .kind = OptionSpec::Kind::curve,
                 .dimension = dimension::none,
                 .doc = "Share of the packets that are dropped: constant (1%), ramp (0% -> 10% over 5s) or steps.",
                 .required = true,
                 .max = 1},
                proxy::direction_option("both")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
