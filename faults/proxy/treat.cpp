#include "faults/proxy/treat.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <optional>
#include <set>

#include "faults/proxy/proxy.hpp"

namespace squall::proxy {
namespace {

class TreatmentInjection final : public Injection {
public:
    TreatmentInjection(Rig& rig, Aim aim, std::string_view fault, TreatmentUse use)
        : clients_(rig.clients), proxy_(*rig.proxy), aim_(std::move(aim)), fault_(fault) {
        use.everybody = aim_.cohort.empty() && aim_.share >= 1;
        use.seed = aim_.seed;
        everybody_ = use.everybody;
        if (aim_.share < 1) {
            for (const auto& chosen : choose(clients_.connections(aim_.cohort), aim_))
                subscribers_.insert(chosen.id.subscriber);
        }
        treatment_ = proxy_.treat(use);
        follow();
    }

    ~TreatmentInjection() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: %s: %s\n", fault_.c_str(), healed.error().message.c_str());
        }
    }

    Status advance(Nanos) override {
        follow();
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
        for (const Endpoint& client : passed.clients) {
            if (const auto known = by_local_.find(client); known != by_local_.end()) {
                witness.connections.push_back(known->second);
            }
        }
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
    /// Subscribers may have come back on other connections.
    void follow() {
        std::set<Endpoint> treated;
        for (const ClientConnection& connection : clients_.connections(aim_.cohort)) {
            by_local_[connection.local] = connection.id;
            if (aim_.share >= 1 || subscribers_.contains(connection.id.subscriber)) treated.insert(connection.local);
        }
        if (everybody_ || treated == treated_) return;
        treated_ = treated;
        proxy_.set_treated(*treatment_, {treated.begin(), treated.end()});
    }

    Clients& clients_;
    Proxy& proxy_;
    const Aim aim_;
    const std::string fault_;
    bool everybody_ = true;
    std::set<std::uint32_t> subscribers_;  ///< of a share
    std::optional<std::uint64_t> treatment_;
    std::map<Endpoint, ConnectionId> by_local_;
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
