#include "faults/proxy/close.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "faults/core/clock.hpp"
#include "faults/core/random.hpp"
#include "faults/proxy/aimed_clients.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall::proxy {
namespace {

class ClosingInjection final : public Injection {
public:
    ClosingInjection(Proxy& proxy, AimedClients aimed, CloseBy by, Due due)
        : proxy_(proxy), aimed_(std::move(aimed)), by_(by), due_(std::move(due)) {}

    Status advance(Nanos) override {
        if (healed_) return {};
        aimed_.look();
        const Nanos now = monotonic_now();
        std::vector<Endpoint> due;
        for (const OpenPair& open : proxy_.open_pairs()) {
            if (!aimed_.hits(open.pair.client) || !due_(open, now)) continue;
            due.push_back(open.pair.client);
            const Nanos age = now - open.since;
            youngest_ = closed_.empty() ? age : std::min(youngest_, age);
            oldest_ = std::max(oldest_, age);
            closed_.insert(open.pair.client);
        }
        if (!due.empty()) closes_ += proxy_.close(due, by_).size();
        return {};
    }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        const auto duration = [](Nanos n) { return format_quantity(to_seconds(n), dimension::time); };
        Witness witness;
        witness.bit = closes_ > 0;
        witness.evidence = witness.bit ? fmt::format("the proxy closed {} connections that were {} to {} old", closes_,
                                                     duration(youngest_), duration(oldest_))
                                       : "the proxy found none to close";
        witness.measures = {{"closes", static_cast<double>(closes_)},
                            {"age_seconds_min", to_seconds(youngest_)},
                            {"age_seconds_max", to_seconds(oldest_)}};
        witness.connections = aimed_.named(closed_);
        return witness;
    }

    Status heal() override {
        healed_ = true;
        return {};
    }

private:
    Proxy& proxy_;
    AimedClients aimed_;
    const CloseBy by_;
    const Due due_;
    std::size_t closes_ = 0;
    std::set<Endpoint> closed_;
    Nanos youngest_ = 0, oldest_ = 0;
    bool healed_ = false;
};

}  // namespace

OptionSpec close_by_option() {
    return {.name = "by",
            .kind = OptionSpec::Kind::choice,
            .dimension = {},
            .doc = "How it closes: FIN or RST, towards both sides.",
            .fallback = "fin",
            .choices = {"fin", "rst"}};
}

CloseBy close_by(const Options& options) {
    return options.choice("by") == "rst" ? CloseBy::rst : CloseBy::fin;
}

Turn turn_within(Nanos longest, std::uint64_t seed) {
    // Drawn by the client's port, so that the order in which connections are asked about does not matter.
    return [longest, seed](const OpenPair& open) {
        std::uint64_t state = seed ^ open.pair.client.port;
        return static_cast<Nanos>(next_random(state) % static_cast<std::uint64_t>(longest + 1));
    };
}

Result<std::unique_ptr<Injection>> close_when(Rig& rig, const Aim& aim, CloseBy by, std::string_view fault, Due due) {
    if (auto there = require_proxy(rig, fault); !there) return there.error();
    auto aimed = AimedClients::choose(rig.clients, aim, fault);
    if (!aimed) return aimed.error();
    return std::unique_ptr<Injection>(
        std::make_unique<ClosingInjection>(*rig.proxy, std::move(*aimed), by, std::move(due)));
}

}  // namespace squall::proxy
