#include "faults/proxy/path_delay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "faults/proxy/path_aim.hpp"

namespace squall::proxy {
namespace {

/// One direction: the rule that sends packets through the queue goes before the queue does.
struct Delayed {
    const char* name;
    std::unique_ptr<kernel::Shaper> queue;
    AimedRule rule;
    double queued_max = 0;
};

class PathDelay final : public Injection {
public:
    PathDelay(std::vector<Delayed> ways, double share) : ways_(std::move(ways)), share_(share) {}

    Status advance(Nanos since_injection) override {
        for (Delayed& way : ways_) {
            if (auto advanced = way.rule.advance(since_injection); !advanced) return advanced;
            if (const auto count = sample(way); !count) return count.error();
        }
        return {};
    }

    Result<Witness> witness() override {
        Witness witness;
        for (Delayed& way : ways_) {
            const auto count = sample(way);
            if (!count) return count.error();
            const auto met = way.rule.count();
            if (!met) return met.error();
            const std::uint64_t passed = met->all().passed;
            const bool kept = count->packets > 0 || count->queued > 0;
            witness.bit = witness.bit || (kept && (share_ >= 1 || passed > 0));
            witness.evidence += fmt::format(
                "{}{}: {} packets were kept (netem) and have left, {} of the same connections passed at once, at most "
                "{} "
                "waited, {} packets were dropped",
                witness.evidence.empty() ? "" : "; ", way.name, count->packets, passed,
                format_quantity(way.queued_max, dimension::bytes), count->dropped);
            const std::string suffix = std::string("_") + way.name;
            witness.measures.push_back({"packets_kept" + suffix, static_cast<double>(count->packets)});
            witness.measures.push_back({"packets_passed" + suffix, static_cast<double>(passed)});
            witness.measures.push_back({"packets_dropped" + suffix, static_cast<double>(count->dropped)});
            witness.measures.push_back({"queue_bytes_max" + suffix, way.queued_max});
        }
        witness.connections = ways_.front().rule.connections();
        return witness;
    }

    Status heal() override {
        for (Delayed& way : ways_) {
            if (auto removed = way.rule.remove(); !removed) return removed;
            if (auto removed = way.queue->remove(); !removed) return removed;
        }
        return {};
    }

private:
    static Result<kernel::ShaperCount> sample(Delayed& way) {
        auto count = way.queue->count();
        if (count) way.queued_max = std::max(way.queued_max, static_cast<double>(count->queued));
        return count;
    }

    std::vector<Delayed> ways_;
    const double share_;
};

}  // namespace

Result<std::unique_ptr<Injection>> delay_in_path(Rig& rig, const Aim& aim, const Options& options, const char* fault,
                                                 const kernel::Delay& delay, double share) {
    const auto chosen = choose_open(rig, aim, fault);
    if (!chosen) return chosen.error();
    std::vector<Delayed> ways;
    for (const Outlet& way : outlets_of(options)) {
        auto queue = kernel::Shaper::create(*rig.path_netns, way.interface, delay);
        if (!queue) return queue.error();
        auto rule = AimedRule::begin(rig, aim,
                                     {.action = kernel::Treatment::Action::classify,
                                      .direction = way.direction,
                                      .share = share,
                                      .number = (*queue)->priority(),
                                      .as_on_a_wire = true},
                                     AimedRule::Later::treated, *chosen, way.leg);
        if (!rule) return rule.error();
        ways.push_back({way.name, std::move(*queue), std::move(*rule)});
    }
    return std::make_unique<PathDelay>(std::move(ways), share);
}

}  // namespace squall::proxy
