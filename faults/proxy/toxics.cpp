#include "faults/proxy/toxics.hpp"

#include <algorithm>
#include <utility>

#include "faults/core/random.hpp"

namespace squall::proxy {
namespace {

/// Several toxics at once hold bytes back for each other: so each is asked what it would do alone. `free_at`: when its
/// rate lets the next byte go.
std::size_t kept_of(const Toxic& toxic, std::size_t bytes, Nanos now, Nanos& free_at) {
    if (toxic.loses) return bytes;
    if (toxic.latency > 0 || toxic.jitter > 0) return bytes;
    if (toxic.hold > 0) return bytes < toxic.hold ? bytes : 0;
    if (toxic.piece > 0) return bytes - std::min(bytes, toxic.piece);
    if (toxic.rate <= 0) return 0;
    const Nanos idle = std::clamp<Nanos>(now - free_at, 0, rate_quantum);
    const auto allowed = static_cast<std::size_t>(toxic.rate * to_seconds(idle));
    free_at = std::max(free_at, now - rate_quantum) + from_seconds(static_cast<double>(bytes) / toxic.rate);
    return bytes - std::min(bytes, allowed);
}

/// 0..1, the same for a client each time.
double drawn(std::uint64_t seed, const Endpoint& client) {
    std::uint64_t state = seed ^ (std::uint64_t{client.address} << 16 | client.port);
    return static_cast<double>(next_random(state) >> 11) * 0x1p-53;
}

}  // namespace

bool Treatment::InForce::concerns(const Endpoint& client, Way way) const {
    if (way == Way::to_target ? !use.to_target : !use.to_client) return false;
    if (!use.everybody) return named.contains(client);
    return use.share >= 1 || drawn(use.seed, client) < use.share;
}

void Treatment::came(std::size_t bytes, Nanos now) {
    for (Part& part : parts_) {
        Passed& passed = part.in_force->passed;
        passed.bytes += bytes;
        passed.kept += kept_of(part.in_force->use.toxic, bytes, now, part.free_at);
        if (!part.met && part.in_force->use.remembers) passed.clients.insert(client_);
        part.met = true;
    }
}

void Treatment::left(Nanos kept_for) {
    for (const Part& part : parts_) {
        Passed& passed = part.in_force->passed;
        ++passed.pieces;
        if (kept_for <= 0) continue;
        passed.kept_for_min = passed.kept_for_min == 0 ? kept_for : std::min(passed.kept_for_min, kept_for);
        passed.kept_for_max = std::max(passed.kept_for_max, kept_for);
    }
}

std::uint64_t Toxics::add(const ToxicUse& use) {
    in_force_.emplace(next_, Treatment::InForce{use, {}, {}});
    return next_++;
}

void Toxics::change(std::uint64_t number, const ToxicUse& use) {
    in_force_.at(number).use = use;
}

std::vector<Endpoint> Toxics::name(std::uint64_t number, const std::vector<Endpoint>& clients) {
    auto& named = in_force_.at(number).named;
    const auto before = std::exchange(named, {clients.begin(), clients.end()});
    std::vector<Endpoint> changed;
    for (const Endpoint& client : before) {
        if (!named.contains(client)) changed.push_back(client);
    }
    for (const Endpoint& client : named) {
        if (!before.contains(client)) changed.push_back(client);
    }
    return changed;
}

void Toxics::remove(std::uint64_t number) {
    in_force_.erase(number);
}

Treatment Toxics::of(const Endpoint& client, Way way, const Treatment& before) {
    Treatment treatment;
    treatment.client_ = client;
    for (auto& [number, in_force] : in_force_) {
        if (!in_force.concerns(client, way)) continue;
        treatment.toxic_ = together(treatment.toxic_, in_force.use.toxic);
        treatment.seed_ ^= in_force.use.seed;
        const auto same = std::find_if(before.parts_.begin(), before.parts_.end(),
                                       [wanted = number](const auto& part) { return part.number == wanted; });
        treatment.parts_.push_back(same == before.parts_.end() ? Treatment::Part{number, &in_force} : *same);
    }
    return treatment;
}

}  // namespace squall::proxy
