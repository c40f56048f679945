#include "faults/proxy/treat.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <set>

#include "faults/proxy/aimed_clients.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {
namespace {

class TreatmentInjection final : public Injection {
public:
    TreatmentInjection(Rig& rig, const Aim& aim, std::string_view fault, TreatmentUse use)
        : proxy_(*rig.proxy), aimed_(rig.clients, aim), fault_(fault) {
        use.everybody = aimed_.everybody();
        use.seed = aim.seed;
        treatment_ = proxy_.treat(use);
        follow();
    }

    ~TreatmentInjection() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: %s: %s\n", fault_.c_str(), healed.error().message.c_str());
        }
    }

    Status advance(Nanos) override {
        if (treatment_) follow();
        return {};
    }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        const Passed passed = treatment_ ? proxy_.passed(*treatment_) : passed_;
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
        if (!treatment_) return {};
        follow();
        passed_ = proxy_.passed(*treatment_);
        proxy_.lift(*treatment_);
        treatment_.reset();
        return {};
    }

private:
    void follow() {
        aimed_.look();
        if (aimed_.everybody() || aimed_.ends() == treated_) return;
        treated_ = aimed_.ends();
        proxy_.set_treated(*treatment_, {treated_.begin(), treated_.end()});
    }

    Proxy& proxy_;
    AimedClients aimed_;
    const std::string fault_;
    std::optional<std::uint64_t> treatment_;
    std::set<Endpoint> treated_;
    Passed passed_;
};

}  // namespace

Status require_proxy(const Rig& rig, std::string_view fault) {
    if (rig.proxy != nullptr) return {};
    return Error{fmt::format("{} needs a path with a proxy; write 'proxy: true' in the scenario", fault)};
}

OptionSpec direction_option() {
    return {.name = "direction",
            .kind = OptionSpec::Kind::choice,
            .dimension = {},
            .doc = "Whose bytes: those on their way to the subscribers, to the target, or both.",
            .fallback = "to-subscriber",
            .choices = {"to-subscriber", "to-target", "both"}};
}

Result<std::unique_ptr<Injection>> treat(Rig& rig, const Aim& aim, const Options& options, std::string_view fault,
                                         const Treatment& treatment) {
    if (auto there = require_proxy(rig, fault); !there) return there.error();
    const std::string& direction = options.choice("direction");
    TreatmentUse use{.treatment = treatment};
    use.to_client = direction != "to-target";
    use.to_target = direction != "to-subscriber";
    return std::unique_ptr<Injection>(std::make_unique<TreatmentInjection>(rig, aim, fault, use));
}

}  // namespace squall::proxy
