// What the truth target was told to do: how long each delivery is held back, when it freezes, what it allocates and
// burns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace truth {

using Nanos = std::int64_t;  ///< instants on CLOCK_MONOTONIC

/// How long one delivery is held back. The distributions:
///   constant:D              every one by D
///   bimodal:FAST,SLOW,SHARE SLOW for SHARE of them, else FAST
///   pareto:ALPHA,LOW,HIGH   Pareto's, bounded to [LOW, HIGH]
/// Times in seconds.
class Delays {
public:
    static std::optional<Delays> parse(std::string_view text, std::uint64_t seed);

    /// Depends on the seed and these two alone: the same run twice holds the same messages back for as long.
    Nanos of(std::uint64_t sequence, std::uint32_t subscriber) const;

private:
    enum class Shape { constant, bimodal, pareto };
    Shape shape_ = Shape::constant;
    std::uint64_t seed_ = 0;
    double a_ = 0, b_ = 0, c_ = 0;  // as they stand in the text
};

struct Plan {
    std::string address;
    std::uint16_t port = 0;
    std::string log;  ///< where the truth is written when the target ends
    Delays delays;
    Nanos freeze_length = 0;
    Nanos freeze_period = 0;  ///< freezes last from k * period - length to k * period since the first message
    std::uint32_t freezes = 0;
    std::uint64_t allocate_bytes = 0;
    Nanos allocate_after = 0;  ///< since the first message
    double burn_cores = 0;     ///< 0..1
};

/// Of the command line; prints what is wrong with it, and returns nothing then.
std::optional<Plan> parse_plan(int argc, char** argv);

}  // namespace truth
