// partition: nothing gets through between the target and some subscribers, for a while. Both ends keep their
// connections, and those that outlast it go on where they were.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "faults/core/fault.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

constexpr Nanos look_interval = 200'000'000;

class Partition final : public Injection {
public:
    Partition(Rig& rig, const Aim& aim, std::unique_ptr<kernel::PathRule> rule, std::vector<proxy::TargetSide> chosen,
              bool everyone)
        : clients_(rig.clients),
          view_(rig),
          cohort_(aim.cohort),
          everyone_(everyone),
          rule_(std::move(rule)),
          aimed_(chosen.size()),
          ids_(proxy::ids_of(chosen)),
          cut_(ids_.begin(), ids_.end()) {
        for (const ConnectionId& id : ids_)
            subscribers_.insert(id.subscriber);
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - looked_at_ < look_interval) return {};
        looked_at_ = since_injection;
        return cut_those_that_came_back();
    }

    Result<Witness> witness() override {
        const auto counts = rule_->count();
        if (!counts) return counts.error();
        const std::size_t bitten = proxy::met(*counts, aimed_);
        const std::size_t later = ids_.size() - aimed_;
        Witness witness;
        witness.bit = bitten == aimed_;
        witness.evidence = fmt::format(
            "{} of {} connections lost packets ({} to the target, {} to the subscriber, dropped by nftables in the "
            "path); {} handshake packets were dropped, {} later connections cut",
            bitten, aimed_, counts->to_target.treated, counts->to_client.treated, counts->handshakes.treated, later);
        witness.measures = {{"connections", static_cast<double>(aimed_)},
                            {"connections_with_drops", static_cast<double>(bitten)},
                            {"dropped_to_target", static_cast<double>(counts->to_target.treated)},
                            {"dropped_to_subscriber", static_cast<double>(counts->to_client.treated)},
                            {"handshake_packets_dropped", static_cast<double>(counts->handshakes.treated)},
                            {"later_connections_cut", static_cast<double>(later)}};
        witness.connections = ids_;
        return witness;
    }

    Status heal() override { return rule_->remove(); }

private:
    /// The path tells no cohort by a packet, so a chosen subscriber that comes back is cut once it is there.
    Status cut_those_that_came_back() {
        std::vector<ClientConnection> back;
        for (ClientConnection& connection : clients_.connections(cohort_)) {
            const bool chosen = everyone_ || subscribers_.contains(connection.id.subscriber);
            if (chosen && !cut_.contains(connection.id)) back.push_back(std::move(connection));
        }
        if (back.empty()) return {};
        const auto sides = view_.resolve(back);
        if (auto treated = rule_->treat(proxy::flows_of(sides)); !treated) return treated;
        for (const ConnectionId& id : proxy::ids_of(sides)) {
            ids_.push_back(id);
            cut_.insert(id);
        }
        return {};
    }

    Clients& clients_;
    proxy::TargetView view_;
    const std::string cohort_;
    const bool everyone_;
    const std::unique_ptr<kernel::PathRule> rule_;
    const std::size_t aimed_;
    std::vector<ConnectionId> ids_;
    std::set<ConnectionId> cut_;
    std::set<std::uint32_t> subscribers_;
    Nanos looked_at_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    auto chosen = proxy::aim_in_path(rig, aim, "partition");
    if (!chosen) return chosen.error();
    const bool everyone = aim.cohort.empty() && aim.share >= 1;
    kernel::Treatment treatment{.direction = proxy::direction_of(options)};
    if (everyone) treatment.handshakes = {.listener = rig.target, .of_proxy = rig.proxy != nullptr};
    auto rule = proxy::treat_in_path(rig, treatment, *chosen);
    if (!rule) return rule.error();
    return std::make_unique<Partition>(rig, aim, std::move(*rule), std::move(*chosen), everyone);
}

const RegisterFault registered{Fault{
    .name = "partition",
    .summary = "Nothing gets through between the target and some subscribers until the network has healed.",
    .mechanism = "The path drops the packets of each chosen connection (nftables); aimed at everybody, those of "
                 "handshakes with the target as well.",
    .privilege = "user namespace",
    .witness = "Each chosen connection lost at least one packet.",
    .healing = "The path lets the packets through again; connections that both ends still hold go on.",
    .aimed = true,
    .needs = {"network-namespaces", "nftables", "nftables-rules", "socket-diagnostics"},
    .options = {proxy::direction_option("both")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
