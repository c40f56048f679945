// What faults that bound a resource are told: a limit, or the headroom beyond what the target has at the injection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "faults/core/option.hpp"

namespace squall {

struct Bound {
    std::optional<std::uint64_t> limit;
    std::uint64_t headroom = 0;  ///< without a limit
};

/// Of the options `limit` and `headroom`. Error: not exactly one of them was given.
Result<Bound> bound_of(const std::string& fault, const Options& options);

}  // namespace squall
