#include <fmt/format.h>

#include "faults/core/capability.hpp"
#include "faults/core/fault.hpp"
#include "suites/cli/commands.hpp"

namespace squall::cli {
namespace {

std::string missing(const Fault& fault) {
    std::string keys;
    for (const auto& key : fault.needs) {
        if (!probe(key).available) keys += (keys.empty() ? "" : ", ") + key;
    }
    return keys;
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
        const auto lacks = missing(fault);
        all = all && lacks.empty();
        fmt::print("  {:<3} {:<22} {}\n", lacks.empty() ? "yes" : "no", fault.name,
                   lacks.empty() ? fault.mechanism : "lacks " + lacks);
    }
    fmt::print("\n{}\n", all ? "every fault can be injected here" : "some faults cannot be injected here: see above");
    return all ? 0 : 3;
}

}  // namespace squall::cli
