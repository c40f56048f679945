// duplicate: a share of the packets arrives twice.
#include <fmt/format.h>

#include "faults/core/fault.hpp"
#include "faults/kernel/duplicator.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

/// One direction: the rule that marks packets goes before what looks for the marks.
struct Doubled {
    const char* name;
    std::unique_ptr<kernel::Duplicator> duplicator;
    proxy::AimedRule rule;
};

class Duplicate final : public Injection {
public:
    explicit Duplicate(std::vector<Doubled> ways) : ways_(std::move(ways)) {}

    Status advance(Nanos since_injection) override {
        for (Doubled& way : ways_) {
            if (auto advanced = way.rule.advance(since_injection); !advanced) return advanced;
        }
        return {};
    }

    Result<Witness> witness() override {
        Witness witness;
        for (const Doubled& way : ways_) {
            const auto twice = way.duplicator->count();
            if (!twice) return twice.error();
            const auto met = way.rule.count();
            if (!met) return met.error();
            const std::uint64_t total = met->all().total();
            witness.bit = witness.bit || *twice > 0;
            witness.evidence += fmt::format("{}{}: {} of {} packets were sent twice, by nftables in the path",
                                            witness.evidence.empty() ? "" : "; ", way.name, *twice, total);
            const std::string suffix = std::string("_") + way.name;
            witness.measures.push_back({"packets" + suffix, static_cast<double>(total)});
            witness.measures.push_back({"packets_twice" + suffix, static_cast<double>(*twice)});
        }
        witness.connections = ways_.front().rule.connections();
        return witness;
    }

    Status heal() override {
        for (Doubled& way : ways_) {
            if (auto removed = way.rule.remove(); !removed) return removed;
            if (auto removed = way.duplicator->remove(); !removed) return removed;
        }
        return {};
    }

private:
    std::vector<Doubled> ways_;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto chosen = proxy::choose_open(rig, aim, "duplicate");
    if (!chosen) return chosen.error();
    std::vector<Doubled> ways;
    for (const proxy::Outlet& way : proxy::outlets_of(options)) {
        auto duplicator = kernel::Duplicator::create(*rig.path_netns, rig.run_id, way.interface);
        if (!duplicator) return duplicator.error();
        auto rule = proxy::AimedRule::begin(rig, aim,
                                            {.action = kernel::Treatment::Action::mark,
                                             .direction = way.direction,
                                             .share = options.number("duplicates"),
                                             .number = (*duplicator)->mark(),
                                             .as_on_a_wire = true},
                                            proxy::AimedRule::Later::treated, *chosen, way.leg);
        if (!rule) return rule.error();
        ways.push_back({way.name, std::move(*duplicator), std::move(*rule)});
    }
    return std::make_unique<Duplicate>(std::move(ways));
}

const RegisterFault registered{Fault{
    .name = "duplicate",
    .summary = "A share of the packets arrives twice: a radio link that repeats what had arrived, a loop in a network.",
    .mechanism =
        "The path marks each packet of the chosen connections by a draw of its own (nftables, numgen random) and "
        "sends the marked ones twice (dup).",
    .privilege = "user namespace",
    .witness = "Packets of the chosen connections were sent twice; how many of how many.",
    .healing = "The path sends every packet once.",
    .site = Site::path,
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "packet-duplication", "socket-diagnostics"},
    .options = {{.name = "duplicates",
                 .dimension = dimension::none,
                 .doc = "Share of the packets that are sent twice, such as 1%.",
                 .required = true,
                 .min = 1e-6,
                 .max = 1},
                proxy::direction_option("both")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
