// proxy-idle-timeout: a load balancer or reverse proxy gives up on connections that were silent for too long.
// It closes TCP connections and knows no WebSocket: no close frame is sent, as with the real ones.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "faults/core/fault.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/proxy/inject_toxic.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall {
namespace {

constexpr Nanos snapshot_interval_max = 1'000'000'000;

class ProxyIdleTimeout final : public Injection {
public:
    ProxyIdleTimeout(Rig& rig, proxy::IdleTimeout timeout)
        : clients_(rig.clients), proxy_(*rig.proxy), filter_(rig.path_filter), target_(rig.target), timeout_(timeout) {}

    ~ProxyIdleTimeout() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: proxy-idle-timeout: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        take_snapshot(0);
        if (auto set = proxy_.set_idle_timeout(timeout_); !set) return set;
        in_force_ = true;
        return {};
    }

    Status advance(Nanos since_injection) override {
        // A connection lives for at least the timeout before it is closed for it, so that twice in that time suffices
        // to know every one by name.
        if (since_injection - snapshot_at_ >= std::min(timeout_.after / 2, snapshot_interval_max)) {
            take_snapshot(since_injection);
        }
        return note_closes();
    }

    Result<Witness> witness() override {
        if (auto noted = note_closes(); !noted) return noted.error();
        if (const auto failure = proxy_.failure()) return *failure;
        Witness witness;
        Nanos shortest = 0, longest = 0;
        for (const auto& closed : closes_) {
            shortest = shortest == 0 ? closed.idle : std::min(shortest, closed.idle);
            longest = std::max(longest, closed.idle);
        }
        const auto duration = [](Nanos n) { return format_quantity(to_seconds(n), dimension::time); };
        const auto canary = proxy_.canary_close();
        witness.bit = !closes_.empty() || canary.has_value();
        witness.evidence = closes_.empty()
                               ? fmt::format("the proxy found no subscriber silent for {}", duration(timeout_.after))
                               : fmt::format("the proxy closed {} connections that had been silent for {} to {}",
                                             closes_.size(), duration(shortest), duration(longest));
        if (canary) {
            witness.evidence += fmt::format("; a silent one of its own it closed after {}", duration(canary->idle));
        }
        witness.measures = {{"closes", static_cast<double>(closes_.size())},
                            {"canary_closes", canary ? 1.0 : 0.0},
                            {"idle_seconds_min", to_seconds(shortest)},
                            {"idle_seconds_max", to_seconds(longest)}};
        witness.connections = closed_;
        return witness;
    }

    Status heal() override {
        if (!in_force_) return {};
        if (auto lifted = proxy_.set_idle_timeout(std::nullopt); !lifted) return lifted;
        if (auto noted = note_closes(); !noted) return noted;
        if (timeout_.by == proxy::CloseBy::silence) {
            if (auto restored = filter_->restore(lost_flows()); !restored) return restored;
        }
        in_force_ = false;
        return {};
    }

private:
    void take_snapshot(Nanos since_injection) {
        snapshot_at_ = since_injection;
        for (const auto& connection : clients_.connections(""))
            by_local_[connection.local] = connection.id;
    }

    Status note_closes() {
        closes_ = proxy_.idle_closes();
        std::vector<ConnectionId> fresh;
        for (; noted_ < closes_.size(); ++noted_) {
            const auto known = by_local_.find(closes_[noted_].pair.client);
            if (known != by_local_.end()) fresh.push_back(known->second);
        }
        closed_.insert(closed_.end(), fresh.begin(), fresh.end());
        // Nobody tells these subscribers: an end that they never see is what was meant to happen.
        if (timeout_.by == proxy::CloseBy::silence && !fresh.empty()) clients_.mark_lost(fresh);
        return {};
    }

    std::vector<kernel::Flow> lost_flows() const {
        std::vector<kernel::Flow> flows;
        for (const auto& closed : closes_) {
            flows.push_back({closed.pair.client, proxy_.listening()});
            flows.push_back({closed.pair.upstream, target_});
        }
        return flows;
    }

    Clients& clients_;
    proxy::Proxy& proxy_;
    kernel::PathFilter* filter_;
    const Endpoint target_;
    const proxy::IdleTimeout timeout_;
    std::map<Endpoint, ConnectionId> by_local_;
    std::vector<proxy::ClosedPair> closes_;
    std::size_t noted_ = 0;
    std::vector<ConnectionId> closed_;
    Nanos snapshot_at_ = 0;
    bool in_force_ = false;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (auto there = proxy::require_proxy(rig, "proxy-idle-timeout"); !there) return there.error();
    const std::string& by = options.choice("by");
    const proxy::IdleTimeout timeout{options.duration("after"), by == "rst"       ? proxy::CloseBy::rst
                                                                : by == "silence" ? proxy::CloseBy::silence
                                                                                  : proxy::CloseBy::fin};
    auto injection = std::make_unique<ProxyIdleTimeout>(rig, timeout);
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "proxy-idle-timeout",
    .summary = "A proxy between subscriber and target drops connections on which nothing was said for a while.",
    .mechanism = "squall's TCP proxy in the path closes connections without a byte in either direction, to both sides: "
                 "by FIN, by RST, or by forgetting them (packets of both sides then fall on the floor).",
    .privilege = "none; user namespace for silence",
    .witness =
        "The proxy counted its closes, connection by connection; where no subscriber was silent for long enough, it "
        "closed a silent connection of its own.",
    .healing = "The timeout is lifted; what was closed stays closed, and forgotten connections meet a reset.",
    .site = Site::proxy,
    .site_by = [](const Options& options) { return options.choice("by") == "silence" ? Site::path : Site::proxy; },
    .holds = "the proxy's idle timeout",
    .needs = {},
    .options =
        {
            {.name = "after",
             .dimension = dimension::time,
             .doc =
                 "Silence after which the proxy gives up. Real ones: nginx and AWS ALB 60s, Cloudflare 100s, Azure 4m.",
             .required = true,
             .min = 0.02,
             .max = 86400},
            {.name = "by",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "How it closes: FIN as nginx does, RST, or silence (the state is lost).",
             .fallback = "fin",
             .choices = {"fin", "rst", "silence"}},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
