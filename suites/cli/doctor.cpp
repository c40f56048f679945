#include <fmt/format.h>

#include <utility>

#include "faults/core/capability.hpp"
#include "faults/core/fault.hpp"
#include "suites/cli/commands.hpp"

namespace squall::cli {
namespace {

std::string missing(const std::vector<std::string>& needs) {
    std::string keys;
    for (const auto& key : needs) {
        if (!probe(key).available) keys += (keys.empty() ? "" : ", ") + key;
    }
    return keys;
}

/// Whether it can be injected, and how or why not.
std::pair<bool, std::string> outlook(const Fault& fault) {
    const auto lacks = missing(fault.needs);
    if (lacks.empty()) return {true, fault.mechanism};
    if (fault.fallback && missing(fault.fallback->needs).empty()) {
        return {true, fmt::format("without {}: {}", lacks, fault.fallback->mechanism)};
    }
    return {false, "lacks " + lacks};
}

}  // namespace

int doctor() {
    fmt::print("what this host lets squall do\n");
    for (const auto& capability : probe_all()) {
        fmt::print("  {:<3} {:<22} {}\n", capability.available ? "yes" : "no", capability.key, capability.summary);
        if (!capability.detail.empty()) fmt::print("      {:<22} {}\n", "", capability.detail);
        if (!capability.enable.empty()) fmt::print("      {:<22} to enable: {}\n", "", capability.enable);
    }
    fmt::print("\nfaults\n");
    bool all = true;
    for (const auto& fault : all_faults()) {
        const auto [possible, how] = outlook(fault);
        all = all && possible;
        fmt::print("  {:<3} {:<22} {}\n", possible ? "yes" : "no", fault.name, how);
    }
    fmt::print("\n{}\n", all ? "every fault can be injected here" : "some faults cannot be injected here: see above");
    return all ? 0 : 3;
}

}  // namespace squall::cli
