// rate-limit: a bottleneck on the way, with a queue in front of it, that chosen subscribers share.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "faults/core/fault.hpp"
#include "faults/kernel/shaper.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

/// One direction: the rule that sends packets through the bottleneck goes before the bottleneck does.
struct Limited {
    const char* name;
    std::unique_ptr<kernel::Shaper> shaper;
    proxy::AimedRule rule;
    double queued_max = 0;
};

class RateLimit final : public Injection {
public:
    RateLimit(std::vector<Limited> ways, Curve rate)
        : ways_(std::move(ways)), rate_(std::move(rate)), in_force_(rate_.value_at(0)) {}

    Status advance(Nanos since_injection) override {
        lasted_ = since_injection;
        const double rate = rate_.value_at(since_injection);
        const bool changed = rate != std::exchange(in_force_, rate);
        for (Limited& way : ways_) {
            if (auto advanced = way.rule.advance(since_injection); !advanced) return advanced;
            if (changed) {
                if (auto set = way.shaper->set_rate(rate); !set) return set;
            }
            if (const auto count = sample(way); !count) return count.error();
        }
        return {};
    }

    Result<Witness> witness() override {
        Witness witness;
        for (Limited& way : ways_) {
            const auto count = sample(way);
            if (!count) return count.error();
            const double seconds = to_seconds(lasted_);
            const double rate = seconds > 0 ? static_cast<double>(count->bytes) / seconds : 0;
            // That the bottleneck was at its limit says only that a packet would have had to wait.
            witness.bit = witness.bit || way.queued_max > 0 || count->dropped > 0;
            witness.evidence += fmt::format(
                "{}{}: {} packets passed the bottleneck (htb) at {}, it was at its limit {} times, at most "
                "{} waited, {} packets were dropped",
                witness.evidence.empty() ? "" : "; ", way.name, count->packets,
                format_quantity(rate, dimension::bandwidth), count->delayed,
                format_quantity(way.queued_max, dimension::bytes), count->dropped);
            const std::string suffix = std::string("_") + way.name;
            witness.measures.push_back({"packets" + suffix, static_cast<double>(count->packets)});
            witness.measures.push_back({"bytes_per_second" + suffix, rate});
            witness.measures.push_back({"at_limit" + suffix, static_cast<double>(count->delayed)});
            witness.measures.push_back({"packets_dropped" + suffix, static_cast<double>(count->dropped)});
            witness.measures.push_back({"queue_bytes_max" + suffix, way.queued_max});
        }
        witness.connections = ways_.front().rule.connections();
        return witness;
    }

    Status heal() override {
        for (Limited& way : ways_) {
            if (auto removed = way.rule.remove(); !removed) return removed;
            if (auto removed = way.shaper->remove(); !removed) return removed;
        }
        return {};
    }

private:
    static Result<kernel::ShaperCount> sample(Limited& way) {
        auto count = way.shaper->count();
        if (count) way.queued_max = std::max(way.queued_max, static_cast<double>(count->queued));
        return count;
    }

    std::vector<Limited> ways_;
    const Curve rate_;
    double in_force_;
    Nanos lasted_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto chosen = proxy::choose_open(rig, aim, "rate-limit");
    if (!chosen) return chosen.error();
    const kernel::Bottleneck bottleneck{.rate = options.curve("rate").value_at(0),
                                        .burst = static_cast<std::uint32_t>(options.number("burst")),
                                        .queue = static_cast<std::uint32_t>(options.number("queue"))};
    std::vector<Limited> ways;
    for (const proxy::Outlet& way : proxy::outlets_of(options)) {
        auto shaper = kernel::Shaper::create(*rig.path_netns, way.interface, bottleneck);
        if (!shaper) return shaper.error();
        auto rule = proxy::AimedRule::begin(rig, aim,
                                            {.action = kernel::Treatment::Action::classify,
                                             .direction = way.direction,
                                             .number = (*shaper)->priority(),
                                             .as_on_a_wire = true},
                                            proxy::AimedRule::Later::treated, *chosen, way.leg);
        if (!rule) return rule.error();
        ways.push_back({way.name, std::move(*shaper), std::move(*rule)});
    }
    return std::make_unique<RateLimit>(std::move(ways), options.curve("rate"));
}

const RegisterFault registered{Fault{
    .name = "rate-limit",
    .summary = "A bottleneck on the way: chosen subscribers share a set bandwidth, and what waits for it queues.",
    .mechanism =
        "The path sends the packets of the chosen connections (nftables, meta priority) through a class of htb "
        "with a bfifo.",
    .privilege = "user namespace",
    .witness = "Packets were seen to wait for the bottleneck, or were dropped since its queue was full.",
    .healing = "The packets pass the bottleneck by, and it is removed.",
    .site = Site::path,
    .holds = "a connection's queue in the path",
    .aimed = true,
    .needs = {"network-namespaces", "nftables-rules", "traffic-shaping", "socket-diagnostics"},
    .options =
        {{.name = "rate",
          .kind = OptionSpec::Kind::curve,
          .dimension = dimension::bandwidth,
          .doc = "Bandwidth of each direction that all chosen subscribers share: constant (125KB/s), ramp or steps.",
          .required = true,
          .min = 100,
          .max = 1e10},
         {.name = "burst",
          .dimension = dimension::bytes,
          .doc = "How much passes at once after silence.",
          .fallback = "16KiB",
          .min = 1600,
          .max = 1e8},
         {.name = "queue",
          .dimension = dimension::bytes,
          .doc = "How much waits in front of the bottleneck; what does not fit is dropped.",
          .fallback = "256KiB",
          .min = 1600,
          .max = 1e9},
         proxy::direction_option("to-subscriber")},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
