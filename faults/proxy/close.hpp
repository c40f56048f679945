// What the faults share that close connections in the proxy: whom they are aimed at, and their witness. Which of them
// are due, each says for itself.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "faults/core/fault.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

/// The option `by`, fin or rst, which close_when() reads.
OptionSpec close_by_option();

/// Asked about every 50 ms of each open connection. `now`: CLOCK_MONOTONIC, absolute, as in OpenPair.
using Due = std::function<bool(const OpenPair&, Nanos now)>;

/// Closes the connections that are aimed at as they become due, those that their subscribers open later, too. The
/// witness is true when one was closed.
Result<std::unique_ptr<Injection>> close_when(Rig& rig, const Aim& aim, const Options& options, std::string_view fault,
                                              Due due);

inline constexpr const char* close_witness = "The proxy counted its closes, connection by connection.";
inline constexpr const char* close_healing = "No more are closed; what was closed stays closed.";

}  // namespace squall::proxy
