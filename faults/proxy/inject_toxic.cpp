#include "faults/proxy/inject_toxic.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <set>
#include <utility>

#include "faults/proxy/aimed_clients.hpp"
#include "faults/proxy/direction.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {
namespace {

class ToxicInjection final : public Injection {
public:
    ToxicInjection(Proxy& proxy, AimedClients aimed, std::string_view fault, ToxicUse use, ToxicAt at)
        : proxy_(proxy), aimed_(std::move(aimed)), fault_(fault), use_(std::move(use)), at_(std::move(at)) {
        use_.toxic = at_(0);
        use_.everybody = aimed_.everybody();
        toxic_ = proxy_.treat(use_);
        follow();
    }

    ~ToxicInjection() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: %s: %s\n", fault_.c_str(), healed.error().message.c_str());
        }
    }

    Status advance(Nanos since_injection) override {
        if (!toxic_) return {};
        follow();
        const Toxic toxic = at_(since_injection);
        if (toxic == std::exchange(use_.toxic, toxic)) return {};
        proxy_.change_toxic(*toxic_, use_);
        return {};
    }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        const Passed passed = toxic_ ? proxy_.passed(*toxic_) : passed_;
        const auto duration = [](Nanos n) { return format_quantity(to_seconds(n), dimension::time); };
        const auto bytes = [](std::uint64_t n) { return format_quantity(static_cast<double>(n), dimension::bytes); };
        Witness witness;
        witness.bit = passed.kept > 0;
        witness.evidence = fmt::format("of {} on {} connections the proxy kept {}", bytes(passed.bytes),
                                       passed.clients.size(), bytes(passed.kept));
        if (passed.kept_for_max > 0) {
            witness.evidence += fmt::format("; what left had been kept for {} to {}", duration(passed.kept_for_min),
                                            duration(passed.kept_for_max));
        }
        witness.evidence += fmt::format("; {} pieces left", passed.pieces);
        witness.measures = {{"bytes", static_cast<double>(passed.bytes)},
                            {"bytes_kept", static_cast<double>(passed.kept)},
                            {"pieces", static_cast<double>(passed.pieces)},
                            {"kept_seconds_min", to_seconds(passed.kept_for_min)},
                            {"kept_seconds_max", to_seconds(passed.kept_for_max)}};
        witness.connections = aimed_.named(passed.clients);
        return witness;
    }

    Status heal() override {
        if (!toxic_) return {};
        follow();
        passed_ = proxy_.passed(*toxic_);
        proxy_.lift(*toxic_);
        toxic_.reset();
        return {};
    }

private:
    void follow() {
        aimed_.look();
        if (aimed_.everybody() || aimed_.ends() == treated_) return;
        treated_ = aimed_.ends();
        proxy_.aim_toxic(*toxic_, {treated_.begin(), treated_.end()});
    }

    Proxy& proxy_;
    AimedClients aimed_;
    const std::string fault_;
    ToxicUse use_;
    const ToxicAt at_;
    std::optional<std::uint64_t> toxic_;
    std::set<Endpoint> treated_;
    Passed passed_;
};

}  // namespace

Status require_proxy(const Rig& rig, std::string_view fault) {
    if (rig.proxy != nullptr) return {};
    return Error{fmt::format("{} needs a path with a proxy; write 'proxy: true' in the scenario", fault)};
}

Result<std::unique_ptr<Injection>> inject_toxic(Rig& rig, const Aim& aim, const Options& options,
                                                std::string_view fault, ToxicAt toxic) {
    if (auto there = require_proxy(rig, fault); !there) return there.error();
    auto aimed = AimedClients::choose(rig.clients, aim, fault);
    if (!aimed) return aimed.error();
    const kernel::Direction direction = direction_of(options);
    const ToxicUse use{.to_target = direction != kernel::Direction::to_client,
                       .to_client = direction != kernel::Direction::to_target,
                       .seed = aim.seed};
    return std::unique_ptr<Injection>(
        std::make_unique<ToxicInjection>(*rig.proxy, std::move(*aimed), fault, use, std::move(toxic)));
}

Result<std::unique_ptr<Injection>> inject_toxic(Rig& rig, const Aim& aim, const Options& options,
                                                std::string_view fault, const Toxic& toxic) {
    return inject_toxic(rig, aim, options, fault, [toxic](Nanos) { return toxic; });
}

}  // namespace squall::proxy
