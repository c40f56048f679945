// Seeded random numbers, the same on every machine and with every standard library (whose distributions differ).
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace squall::workload {

/// SplitMix64 (Steele, Lea, Flood 2014): small enough to keep one in each publisher, good enough for schedules.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// A stream of its own for `name`, so that adding a publisher does not change the others' schedules.
    Random(std::uint64_t seed, std::string_view name) : state_(seed) {
        for (const char c : name)
            state_ = next() ^ static_cast<unsigned char>(c);
    }

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    /// [0, 1)
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    /// Mean 1.
    double exponential() { return -std::log1p(-uniform()); }
    /// Mean 0, deviation 1 (Box-Muller).
    double normal() {
        const double radius = std::sqrt(2 * exponential());
        return radius * std::cos(2 * std::numbers::pi * uniform());
    }

private:
    std::uint64_t state_;
};

}  // namespace squall::workload
