#include "suites/engine/injections.hpp"

#include <fmt/format.h>

#include "faults/core/capability.hpp"

namespace squall {

std::string Injections::missing_capability(const Fault& fault) const {
    for (const auto& key : fault.needs) {
        if (without_.count(key) != 0) return fmt::format("this run does without {}", key);
        const auto& capability = probe(key);
        if (!capability.available) {
            return fmt::format("this host lacks {} ({}); {}", key, capability.detail, capability.enable);
        }
    }
    return {};
}

void Injections::inject(const Phase& phase, const FaultUse& use, Nanos due) {
    InForce fault;
    fault.due = due;
    fault.use = &use;
    fault.phase = phase.name;
    fault.error = missing_capability(*use.fault);
    if (fault.error.empty()) {
        auto injection = use.fault->inject(rig_, use.aim, use.options);
        if (injection) {
            fault.injection = std::move(*injection);
        } else {
            fault.error = injection.error().message;
        }
    }
    fault.injected_at = recorder_.now();
    observer_.fault(use.name, fault.injection ? FaultNews::in_force : FaultNews::not_injected, fault.error);
    faults_.push_back(std::move(fault));
}

void Injections::advance() {
    for (auto& fault : faults_) {
        if (!fault.injection) continue;
        if (auto advanced = fault.injection->advance(recorder_.now() - fault.injected_at); !advanced) {
            fault.error = advanced.error().message;
            end(fault);
        }
    }
}

void Injections::end(InForce& fault) {
    if (!fault.injection) return;
    if (auto witness = fault.injection->witness()) {
        fault.witness = std::move(*witness);
    } else if (fault.error.empty()) {
        fault.error = "no witness: " + witness.error().message;
    }
    if (auto healed = fault.injection->heal(); !healed) fault.heal_error = healed.error().message;
    fault.injection.reset();
    fault.healed_at = recorder_.now();
    observer_.fault(fault.use->name, FaultNews::over,
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
                          {"phase", fault.phase},
                          {"mechanism", fault.use->fault->mechanism},
                          {"due_at_ns", fault.due},
                          {"injected_at_ns", fault.injected_at},
                          {"healed_at_ns", fault.healed_at},
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
