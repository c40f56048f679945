// What the faults share that treat bytes on their way through the proxy: whom they are aimed at, and their witness.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "faults/core/fault.hpp"
#include "faults/proxy/toxics.hpp"

namespace squall::proxy {

/// Error: this run has no proxy.
Status require_proxy(const Rig& rig, std::string_view fault);

/// What is done to the bytes, so long after the injection.
using ToxicAt = std::function<Toxic(Nanos since_injection)>;

/// Treats the bytes of the connections that are aimed at, the way that direction_option() says, and of those that their
/// subscribers open later (of a cohort: from some 50 ms after they have been opened). The witness is true when bytes
/// could not leave at once.
Result<std::unique_ptr<Injection>> inject_toxic(Rig& rig, const Aim& aim, const Options& options,
                                                std::string_view fault, ToxicAt toxic);
Result<std::unique_ptr<Injection>> inject_toxic(Rig& rig, const Aim& aim, const Options& options,
                                                std::string_view fault, const Toxic& toxic);

inline constexpr const char* toxic_witness =
    "The proxy kept bytes back: how many, for how long, and in how many pieces they left.";
inline constexpr const char* toxic_healing = "What is held back leaves at once; bytes pass as they come.";

}  // namespace squall::proxy
