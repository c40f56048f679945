// What the faults share that close connections in the proxy: whom they are aimed at, and their witness. Which of them
// are due, each says for itself.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "faults/core/fault.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

/// The option `by`: fin or rst.
OptionSpec close_by_option();
CloseBy close_by(const Options& options);

/// For each connection an instant, after another one that both sides know.
using Turn = std::function<Nanos(const OpenPair&)>;
/// Drawn uniformly, 0 to `longest`: the same seed and the same ports, the same instants.
Turn turn_within(Nanos longest, std::uint64_t seed);

/// Asked about every 50 ms of each open connection. `now`: CLOCK_MONOTONIC, absolute, as in OpenPair.
using Due = std::function<bool(const OpenPair&, Nanos now)>;

/// Closes the connections that are aimed at as they become due, those that their subscribers open later, too. The
/// witness is true when one was closed.
Result<std::unique_ptr<Injection>> close_when(Rig& rig, const Aim& aim, CloseBy by, std::string_view fault, Due due);

inline constexpr const char* close_witness = "The proxy counted its closes, connection by connection.";
inline constexpr const char* close_healing = "No more are closed; what was closed stays closed.";

}  // namespace squall::proxy
