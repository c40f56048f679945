// The faults, healers and capabilities that this program was linked with.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <stdexcept>

#include "faults/core/capability.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/random.hpp"

namespace squall {
namespace {

// Function-local, since registrars run before main in an order that no file may rely on.
std::vector<Fault>& faults() {
    static std::vector<Fault> instance;
    return instance;
}

struct Probe {
    std::string key;
    std::string summary;
    Capability (*run)();
};

std::vector<Probe>& probes() {
    static std::vector<Probe> instance;
    return instance;
}

std::vector<Capability> run_probes() {
    std::vector<Capability> results;
    for (const Probe& probe : probes()) {
        Capability result = probe.run();
        result.key = probe.key;
        result.summary = probe.summary;
        results.push_back(std::move(result));
    }
    std::sort(results.begin(), results.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return results;
}

}  // namespace

RegisterFault::RegisterFault(Fault fault) {
    if (find_fault(fault.name) != nullptr) throw std::logic_error("two faults are named " + fault.name);
    auto& all = faults();
    const auto place =
        std::upper_bound(all.begin(), all.end(), fault, [](const Fault& a, const Fault& b) { return a.name < b.name; });
    all.insert(place, std::move(fault));
}

const std::vector<Fault>& all_faults() {
    return faults();
}

const Fault* find_fault(std::string_view name) {
    const auto& all = faults();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Fault& fault) { return fault.name == name; });
    return found == all.end() ? nullptr : &*found;
}

Site site_of(const Fault& fault, const Options& options) {
    return fault.site_by != nullptr ? fault.site_by(options) : fault.site;
}

RegisterCapability::RegisterCapability(std::string key, std::string summary, Capability (*probe)()) {
    probes().push_back({std::move(key), std::move(summary), probe});
}

const std::vector<Capability>& probe_all() {
    static const std::vector<Capability> results = run_probes();
    return results;
}

const Capability& probe(std::string_view key) {
    for (const Capability& capability : probe_all()) {
        if (capability.key == key) return capability;
    }
    static const Capability unknown{.key = "unknown",
                                    .summary = "no such capability",
                                    .available = false,
                                    .detail = "no capability of that name was registered",
                                    .enable = ""};
    return unknown;
}

std::vector<ClientConnection> choose(const std::vector<ClientConnection>& all, const Aim& aim) {
    if (aim.subscriber) {
        std::vector<ClientConnection> only;
        std::copy_if(all.begin(), all.end(), std::back_inserter(only),
                     [&](const auto& connection) { return connection.id.subscriber == *aim.subscriber; });
        return only;
    }
    if (all.empty()) return {};
    const double wanted = std::round(std::clamp(aim.share, 0.0, 1.0) * static_cast<double>(all.size()));
    const std::size_t count = std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, all.size());

    std::vector<std::size_t> indices(all.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    std::uint64_t state = aim.seed;
    for (std::size_t i = 0; i < count; ++i) {  // Fisher-Yates, as far as needed
        const std::size_t pick = i + static_cast<std::size_t>(next_random(state) % (all.size() - i));
        std::swap(indices[i], indices[pick]);
    }
    indices.resize(count);
    std::sort(indices.begin(), indices.end());

    std::vector<ClientConnection> chosen;
    chosen.reserve(count);
    for (const std::size_t index : indices)
        chosen.push_back(all[index]);
    return chosen;
}

Error nobody_open(std::string_view fault, const Aim& aim) {
    const std::string whose = aim.cohort.empty() ? "" : fmt::format(" of cohort '{}'", aim.cohort);
    if (aim.subscriber)
        return Error{fmt::format("{}: the subscriber{} that it is aimed at is not connected", fault, whose)};
    return Error{fmt::format("{}: no connection{} is open", fault, whose)};
}

Result<ChosenWebSockets> choose_websockets(Clients& clients, const Aim& aim, std::string_view fault) {
    auto all = clients.connections(aim.cohort);
    ChosenWebSockets chosen;
    chosen.sse_left_out = std::erase_if(all, [](const auto& connection) { return !connection.websocket; });
    if (all.empty()) {
        return Error{fmt::format("{}: no WebSocket connection of {} is open; it is of no use to others", fault,
                                 aim.cohort.empty() ? "any cohort" : "cohort '" + aim.cohort + "'")};
    }
    for (const ClientConnection& connection : choose(all, aim))
        chosen.ids.push_back(connection.id);
    if (chosen.ids.empty()) return nobody_open(fault, aim);
    return chosen;
}

OptionSpec protocol_option() {
    return {.name = "protocol",
            .kind = OptionSpec::Kind::choice,
            .dimension = {},
            .doc = "How the connections are opened; without it, as the first cohort's.",
            .choices = {"sse", "websocket"}};
}

Opening opening_of(Clients& clients, const Options& options) {
    return clients.opening(options.has("protocol") ? options.choice("protocol") : "");
}

}  // namespace squall
