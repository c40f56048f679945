// rate-limit: a bottleneck on the way, with a queue in front of it, that chosen subscribers share.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "faults/core/fault.hpp"
#include "faults/kernel/shaper.hpp"
#include "faults/kernel/testbed.hpp"
#include "faults/proxy/path_aim.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 200'000'000;

/// One direction: the rule that sends packets through the bottleneck goes before the bottleneck does.
struct Way {
    const char* name;
    std::unique_ptr<kernel::Shaper> shaper;
    proxy::AimedRule rule;
    double queued_max = 0;
};

class RateLimit final : public Injection {
public:
    RateLimit(std::vector<Way> ways, Curve rate)
        : ways_(std::move(ways)), rate_(std::move(rate)), in_force_(rate_.value_at(0)) {}

    Status advance(Nanos since_injection) override {
        lasted_ = since_injection;
        const double rate = rate_.value_at(since_injection);
        const bool changed = rate != std::exchange(in_force_, rate);
        for (Way& way : ways_) {
            if (auto advanced = way.rule.advance(since_injection); !advanced) return advanced;
            if (!changed) continue;
            if (auto set = way.shaper->set_rate(rate); !set) return set;
        }
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        for (Way& way : ways_) {
            if (const auto count = sample(way); !count) return count.error();
        }
        return {};
    }

    Result<Witness> witness() override {
        Witness witness;
        for (Way& way : ways_) {
            const auto count = sample(way);
            if (!count) return count.error();
            const double seconds = to_seconds(lasted_);
            const double rate = seconds > 0 ? static_cast<double>(count->bytes) / seconds : 0;
            witness.bit = witness.bit || count->delayed > 0 || count->dropped > 0;
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
        for (Way& way : ways_) {
            if (auto removed = way.rule.remove(); !removed) return removed;
            if (auto removed = way.shaper->remove(); !removed) return removed;
        }
        return {};
    }

private:
    static Result<kernel::ShaperCount> sample(Way& way) {
        auto count = way.shaper->count();
        if (count) way.queued_max = std::max(way.queued_max, static_cast<double>(count->queued));
        return count;
    }

    std::vector<Way> ways_;
    const Curve rate_;
    double in_force_;
    Nanos lasted_ = 0;
    Nanos sampled_at_ = 0;
};

Result<Way> limit(const Rig& rig, const Aim& aim, kernel::Direction direction, const kernel::Bottleneck& bottleneck) {
    const bool to_target = direction == kernel::Direction::to_target;
    auto shaper = kernel::Shaper::create(
        *rig.path_netns, to_target ? kernel::Testbed::towards_target : kernel::Testbed::towards_clients, bottleneck);
    if (!shaper) return shaper.error();
    const kernel::Treatment treatment{.action = kernel::Treatment::Action::classify,
                                      .direction = direction,
                                      .priority = (*shaper)->priority(),
                                      .as_on_a_wire = true};
    auto rule = proxy::AimedRule::begin(rig, aim, treatment, proxy::AimedRule::Later::treated, "rate-limit",
                                        to_target ? proxy::AimedRule::Leg::target : proxy::AimedRule::Leg::subscriber);
    if (!rule) return rule.error();
    return Way{to_target ? "to_target" : "to_subscriber", std::move(*shaper), std::move(*rule)};
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    if (auto there = proxy::check_path(rig, "rate-limit"); !there) return there.error();
    const kernel::Bottleneck bottleneck{.rate = options.curve("rate").value_at(0),
                                        .burst = static_cast<std::uint32_t>(options.number("burst")),
                                        .queue = static_cast<std::uint32_t>(options.number("queue"))};
    const auto asked = proxy::direction_of(options);
    std::vector<Way> ways;
    for (const auto direction : {kernel::Direction::to_client, kernel::Direction::to_target}) {
        if (asked != kernel::Direction::both && asked != direction) continue;
        auto way = limit(rig, aim, direction, bottleneck);
        if (!way) return way.error();
        ways.push_back(std::move(*way));
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
    .witness = "Packets had to wait for the bottleneck, or were dropped since its queue was full.",
    .healing = "The packets pass the bottleneck by, and it is removed.",
    .site = Site::path,
    .holds = "a connection's bottleneck",
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
