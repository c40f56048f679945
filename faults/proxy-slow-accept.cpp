// proxy-slow-accept: a proxy that comes late to new connections: they wait in its listener's queue, or find it full.
#include <fmt/format.h>

#include <cstdio>

#include "faults/core/fault.hpp"
#include "faults/proxy/inject_toxic.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall {
namespace {

class ProxySlowAccept final : public Injection {
public:
    explicit ProxySlowAccept(proxy::Proxy& proxy) : proxy_(proxy) {}
    ~ProxySlowAccept() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: proxy-slow-accept: %s\n", healed.error().message.c_str());
        }
    }

    Status begin(const proxy::SlowAccept& slow) {
        in_force_ = true;
        return proxy_.set_slow_accept(slow);
    }
    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        const auto counted = proxy_.slow_accepts();
        if (!counted) return counted.error();
        Witness witness;
        witness.bit = counted->waited + counted->waiting + counted->overflows > 0;
        witness.evidence = fmt::format(
            "of {} connections {} waited to be accepted, for up to {}; {} wait still; {} handshakes found the "
            "queue full",
            counted->accepted, counted->waited, format_quantity(to_seconds(counted->wait_max), dimension::time),
            counted->waiting, counted->overflows);
        witness.measures = {{"accepted", static_cast<double>(counted->accepted)},
                            {"waited", static_cast<double>(counted->waited)},
                            {"waiting", static_cast<double>(counted->waiting)},
                            {"wait_seconds_max", to_seconds(counted->wait_max)},
                            {"queue_overflows", static_cast<double>(counted->overflows)}};
        return witness;
    }

    Status heal() override {
        if (!in_force_) return {};
        if (auto lifted = proxy_.set_slow_accept(std::nullopt); !lifted) return lifted;
        in_force_ = false;
        return {};
    }

private:
    proxy::Proxy& proxy_;
    bool in_force_ = false;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (auto there = proxy::require_proxy(rig, "proxy-slow-accept"); !there) return there.error();
    proxy::SlowAccept slow{.interval = from_seconds(1 / options.number("rate"))};
    if (options.has("backlog")) slow.backlog = static_cast<int>(options.number("backlog"));
    auto injection = std::make_unique<ProxySlowAccept>(*rig.proxy);
    if (auto begun = injection->begin(slow); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "proxy-slow-accept",
    .summary = "A proxy that is too busy to accept: new connections wait in the queue, and are lost where it is full.",
    .mechanism = "squall's TCP proxy takes connections from its listener's queue at a rate; the queue may be short.",
    .privilege = "none",
    .witness = "A connection waited for its turn, or the kernel counted a full queue.",
    .healing = "Those that wait are accepted at once; the queue is as long as it was.",
    .site = Site::proxy,
    .holds = "how the proxy accepts",
    .needs = {},
    .options =
        {
            {.name = "rate",
             .dimension = dimension::rate,
             .doc = "Connections accepted per second, one at a time.",
             .required = true,
             .min = 0.01,
             .max = 10'000},
            {.name = "backlog",
             .doc = "How many may wait (listen(2)); without it, 16384 or the kernel's somaxconn. nginx: 511.",
             .min = 1,
             .max = 16'384},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
