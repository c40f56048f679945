#include "suites/targets/reached.hpp"

#include <fmt/format.h>

namespace squall {
namespace {

/// Why the fault cannot be injected; empty: it can.
std::string refusal(const FaultUse& use) {
    switch (site_of(*use.fault, use.options)) {
        case Site::clients:
        case Site::proxy:
            return "";
        case Site::path:
            return "works in the network around the target, which is squall's own only where it launches the target; "
                   "faults at the subscribers and in the proxy can be injected";
        case Site::target:
        case Site::unsaid:
            return "works on the target's processes, and squall knows only those that it launches; faults at the "
                   "subscribers and in the proxy can be injected";
    }
    return "";
}

/// Sampled from /proc, the control group and the socket table; what a target says of itself is not.
bool is_from_the_kernel(const std::string& metric) {
    return metric.rfind("target.", 0) == 0 && metric != "target.ready" && metric != "target.alive";
}

void refuse_plain_http(const Scenario& scenario, const Profile& profile, std::vector<InputError>& errors) {
    for (const Phase& phase : scenario.phases) {
        for (const FaultUse& use : phase.faults) {
            if (!use.fault->plain_http) continue;
            errors.push_back({scenario.file, use.line, use.column,
                              fmt::format("fault: {} speaks TLS; {} reads or writes HTTP on the wire, where there is "
                                          "nothing but TLS records",
                                          profile.name, use.fault->name)});
        }
    }
}

}  // namespace

std::vector<InputError> refused(const Scenario& scenario, const Profile& profile) {
    std::vector<InputError> errors;
    if (profile.tls) refuse_plain_http(scenario, profile, errors);
    if (profile.launch) return errors;
    const std::string where =
        fmt::format("{} is reached at {} and not launched", profile.name, to_string(*profile.address));
    for (const Phase& phase : scenario.phases) {
        for (const FaultUse& use : phase.faults) {
            const std::string why = refusal(use);
            if (why.empty()) continue;
            errors.push_back(
                {scenario.file, use.line, use.column, fmt::format("fault: {}; {} {}", where, use.fault->name, why)});
        }
    }
    for (const InvariantUse& invariant : scenario.invariants) {
        for (const Measurement& measured : measurements(invariant.expression)) {
            if (!is_from_the_kernel(measured.metric)) continue;
            errors.push_back({scenario.file, invariant.line, invariant.column,
                              fmt::format("{}; {} is read from the kernel, of processes that squall launches", where,
                                          measured.metric)});
            break;
        }
    }
    return errors;
}

}  // namespace squall
