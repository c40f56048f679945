// syn-drop: SYNs to the target are lost, all or a share of them: a listener's queue that is full, a firewall that
// limits new connections. What is established goes on.
#include <fmt/format.h>

#include "faults/core/fault.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

class SynDrop final : public Injection {
public:
    explicit SynDrop(std::unique_ptr<kernel::PathRule> rule) : rule_(std::move(rule)) {}

    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        const auto counts = rule_->count();
        if (!counts) return counts.error();
        const auto& syns = counts->handshakes;
        Witness witness;
        witness.bit = syns.treated > 0;
        witness.evidence =
            fmt::format("{} of {} SYNs to the target were dropped by nftables in the path", syns.treated, syns.total());
        witness.measures = {{"syns_dropped", static_cast<double>(syns.treated)},
                            {"syns_passed", static_cast<double>(syns.passed)}};
        return witness;
    }

    Status heal() override { return rule_->remove(); }

private:
    std::unique_ptr<kernel::PathRule> rule_;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (auto there = proxy::check_path(rig, "syn-drop"); !there) return there.error();
    auto rule = rig.path_filter->add({.direction = kernel::Direction::to_target,
                                      .share = options.number("loss"),
                                      .handshakes = proxy::handshakes_of(rig)});
    if (!rule) return rule.error();
    return std::make_unique<SynDrop>(std::move(*rule));
}

const RegisterFault registered{Fault{
    .name = "syn-drop",
    .summary = "SYNs to the target are lost: new connections are slow or fail, and established ones go on.",
    .mechanism = "The path drops SYNs to the target's port, each by a draw of its own (nftables, numgen random).",
    .privilege = "user namespace",
    .witness = "At least one SYN was dropped.",
    .healing = "The path lets SYNs through again.",
    .site = Site::path,
    .needs = {"network-namespaces", "nftables-rules"},
    .options = {{.name = "loss",
                 .dimension = dimension::none,
                 .doc = "Share of the SYNs that are dropped.",
                 .fallback = "100%",
                 .min = 1e-6,
                 .max = 1}},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
