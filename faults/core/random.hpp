// The pseudorandom numbers that a seed stands for. The standard library's distributions differ between implementations;
// a seed has to mean the same connections, and the same jitter, everywhere.
#pragma once

#include <cstdint>

namespace squall {

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
inline std::uint64_t next_random(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

}  // namespace squall
