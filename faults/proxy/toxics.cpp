#include "faults/proxy/toxics.hpp"

#include <algorithm>

namespace squall::proxy {
namespace {

/// Several toxics at once hold bytes back for each other: so each is asked what it would do alone. `free_at`: when its
/// rate lets the next byte go.
std::size_t kept_of(const Toxic& toxic, std::size_t bytes, Nanos now, Nanos& free_at) {
    if (toxic.latency > 0 || toxic.jitter > 0) return bytes;
    if (toxic.hold > 0) return bytes < toxic.hold ? bytes : 0;
    if (toxic.piece > 0) return bytes - std::min(bytes, toxic.piece);
    if (toxic.rate <= 0) return 0;
    const Nanos idle = std::clamp<Nanos>(now - free_at, 0, rate_quantum);
    const auto allowed = static_cast<std::size_t>(toxic.rate * to_seconds(idle));
    free_at = std::max(free_at, now - rate_quantum) + from_seconds(static_cast<double>(bytes) / toxic.rate);
    return bytes - std::min(bytes, allowed);
}

}  // namespace

bool Toxics::InForce::concerns(const Endpoint& client, Way way) const {
    if (way == Way::to_target ? !use.to_target : !use.to_client) return false;
    return use.everybody || clients.contains(client);
}

std::uint64_t Toxics::add(const ToxicUse& use) {
    const std::lock_guard lock(mutex_);
    in_force_.emplace(next_, InForce{use, {}, {}});
    return next_++;
}

void Toxics::name(std::uint64_t number, const std::vector<Endpoint>& clients) {
    const std::lock_guard lock(mutex_);
    in_force_.at(number).clients = {clients.begin(), clients.end()};
}

void Toxics::remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    in_force_.erase(number);
}

Passed Toxics::passed(std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    return in_force_.at(number).passed;
}

std::pair<Toxic, std::uint64_t> Toxics::of(const Endpoint& client, Way way) const {
    const std::lock_guard lock(mutex_);
    Toxic toxic;
    std::uint64_t seed = 0;
    for (const auto& [number, in_force] : in_force_) {
        if (!in_force.concerns(client, way)) continue;
        toxic = together(toxic, in_force.use.toxic);
        seed ^= in_force.use.seed;
    }
    return {toxic, seed};
}

void Toxics::came(const Endpoint& client, Way way, std::size_t bytes, Nanos now) {
    const std::lock_guard lock(mutex_);
    for (auto& [number, in_force] : in_force_) {
        if (!in_force.concerns(client, way)) continue;
        in_force.passed.bytes += bytes;
        in_force.passed.kept += kept_of(in_force.use.toxic, bytes, now, in_force.free_at[{client, way}]);
        in_force.passed.clients.insert(client);
    }
}

void Toxics::left(const Endpoint& client, Way way, Nanos kept_for) {
    const std::lock_guard lock(mutex_);
    for (auto& [number, in_force] : in_force_) {
        if (!in_force.concerns(client, way)) continue;
        Passed& passed = in_force.passed;
        ++passed.pieces;
        if (kept_for <= 0) continue;
        passed.kept_for_min = passed.kept_for_min == 0 ? kept_for : std::min(passed.kept_for_min, kept_for);
        passed.kept_for_max = std::max(passed.kept_for_max, kept_for);
    }
}

}  // namespace squall::proxy
