#include "faults/proxy/toxics.hpp"

#include <algorithm>

namespace squall::proxy {

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

void Toxics::came(const Endpoint& client, Way way, std::size_t bytes, std::size_t kept) {
    const std::lock_guard lock(mutex_);
    for (auto& [number, in_force] : in_force_) {
        if (!in_force.concerns(client, way)) continue;
        in_force.passed.bytes += bytes;
        in_force.passed.kept += kept;
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
