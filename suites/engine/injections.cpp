#include "suites/engine/injections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "faults/core/capability.hpp"
#include "suites/model/timeline.hpp"

namespace squall {
namespace {

// The first look at an effect; the next ones twice as long after the injection each, but never a tick later.
constexpr Nanos first_look = 1'000'000;
constexpr Nanos looks_share = 20;  // of the time: one part in so many, where a look takes long

}  // namespace

std::string Injections::missing(const std::vector<std::string>& needs) const {
    for (const auto& key : needs) {
        if (without_.count(key) != 0) return fmt::format("this run does without {}", key);
        const auto& capability = probe(key);
        if (!capability.available) {
            return fmt::format("this host lacks {} ({}); {}", key, capability.detail, capability.enable);
        }
    }
    return {};
}

void Injections::begin(InForce& fault, const Aim& aim) {
    const Fault& kind = *fault.use->fault;
    fault.mechanism = kind.mechanism;
    fault.error = missing(kind.needs);
    auto inject = kind.inject;
    if (!fault.error.empty() && kind.fallback && missing(kind.fallback->needs).empty()) {
        fault.mechanism = kind.fallback->mechanism;
        recorder_.note(fmt::format("{}: {} What is done instead: {}", fault.use->name, fault.error, fault.mechanism));
        fault.holds = kind.fallback->holds;
        fault.error.clear();
        inject = kind.fallback->inject;
    }
    if (fault.error.empty()) fault.error = in_the_way_of(kind, fault.holds);
    if (!fault.error.empty()) return;
    auto injection = inject(rig_, aim, fault.use->options);
    if (injection) {
        fault.injection = std::move(*injection);
    } else {
        fault.error = injection.error().message;
    }
}

/// What two faults of a scenario hold is known before the run; what a fallback holds, only now.
std::string Injections::in_the_way_of(const Fault& kind, const std::string& fallback_holds) const {
    for (const auto& other : faults_) {
        if (!other.injection) continue;
        const bool clash = (!fallback_holds.empty() && fallback_holds == other.use->fault->holds) ||
                           (!other.holds.empty() && (other.holds == kind.holds || other.holds == fallback_holds));
        if (!clash) continue;
        return fmt::format("{} is in force, and has to do with {} as well", other.use->name,
                           other.holds.empty() ? fallback_holds : other.holds);
    }
    return {};
}

/// For people: "freeze", "freeze (2 of 5)".
std::string Injections::name_of(const InForce& fault) {
    const std::size_t times = times_of(*fault.use, fault.phase->duration);
    return times == 1 ? fault.use->name : fmt::format("{} ({} of {})", fault.use->name, fault.occurrence + 1, times);
}

void Injections::inject(const Phase& phase, const FaultUse& use, std::size_t occurrence, Nanos due) {
    InForce fault;
    fault.due = due;
    fault.use = &use;
    fault.phase = &phase;
    fault.occurrence = occurrence;
    begin(fault, occurrences(use, phase.duration).at(occurrence).aim);
    fault.injected_at = recorder_.now();
    fault.unseen_at = fault.injected_at;
    observer_.fault(name_of(fault), fault.injection ? FaultNews::in_force : FaultNews::not_injected, fault.error);
    faults_.push_back(std::move(fault));
}

void Injections::advance() {
    for (auto& fault : faults_) {
        if (!fault.injection) continue;
        if (auto advanced = fault.injection->advance(recorder_.now() - fault.injected_at); !advanced) {
            fault.error = advanced.error().message;
            end(fault);
        } else {
            look_for_effect(fault);
        }
    }
}

Nanos Injections::next_look(const InForce& fault) const {
    const Nanos age = fault.unseen_at - fault.injected_at;
    return fault.unseen_at + std::max(std::clamp(age, first_look, tick), looks_share * fault.look_took);
}

Nanos Injections::next_look() const {
    Nanos next = recorder_.now() + tick;
    for (const auto& fault : faults_) {
        if (fault.injection && !fault.seen_at) next = std::min(next, next_look(fault));
    }
    return next;
}

/// What goes wrong here goes wrong at the end as well, and is reported there.
void Injections::look_for_effect(InForce& fault) {
    if (fault.seen_at || recorder_.now() < next_look(fault)) return;
    const Nanos before = recorder_.now();
    const auto witness = fault.injection->witness();
    const Nanos now = recorder_.now();
    fault.look_took = now - before;
    if (witness && witness->bit) {
        fault.seen_at = now;
    } else {
        fault.unseen_at = now;
    }
}

void Injections::end(InForce& fault) {
    if (!fault.injection) return;
    if (auto witness = fault.injection->witness()) {
        fault.witness = std::move(*witness);
    } else if (fault.error.empty()) {
        fault.error = "no witness: " + witness.error().message;
    }
    if (!fault.witness.bit) fault.seen_at.reset();  // a share of the time that was enough at first, and was not kept up
    if (fault.witness.bit && !fault.seen_at) fault.seen_at = recorder_.now();
    if (auto healed = fault.injection->heal(); !healed) fault.heal_error = healed.error().message;
    fault.injection.reset();
    fault.healed_at = recorder_.now();
    observer_.fault(name_of(fault), FaultNews::over,
                    fault.heal_error.empty() ? fault.witness.evidence : fault.heal_error);
}

void Injections::heal(const FaultUse& use) {
    for (auto& fault : faults_) {
        if (fault.use == &use) end(fault);
    }
}

void Injections::heal_all() {
    for (auto fault = faults_.rbegin(); fault != faults_.rend(); ++fault)
        end(*fault);
}

boost::json::array Injections::facts() const {
    boost::json::array result;
    for (const auto& fault : faults_) {
        boost::json::object measures;
        for (const auto& measure : fault.witness.measures)
            measures[measure.name] = measure.value;
        result.push_back({{"fault", fault.use->fault->name},
                          {"name", fault.use->name},
                          {"phase", fault.phase->name},
                          {"occurrence", fault.occurrence + 1},
                          {"mechanism", fault.mechanism},
                          {"due_at_ns", fault.due},
                          {"injected_at_ns", fault.injected_at},
                          {"healed_at_ns", fault.healed_at},
                          {"effect_not_before_ns", fault.unseen_at},
                          {"effect_seen_at_ns", fault.seen_at ? boost::json::value(*fault.seen_at) : nullptr},
                          {"error", fault.error},
                          {"heal_error", fault.heal_error},
                          {"witness",
                           {{"bit", fault.witness.bit},
                            {"evidence", fault.witness.evidence},
                            {"measures", measures},
                            {"connections", fault.witness.connections.size()}}}});
    }
    return result;
}

}  // namespace squall
