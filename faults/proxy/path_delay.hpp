// What the faults share that keep packets for a while in the path: chosen connections, a share of their packets.
#pragma once

#include <memory>

#include "faults/core/fault.hpp"
#include "faults/kernel/shaper.hpp"

namespace squall::proxy {

/// Keeps packets of the chosen connections, the way that direction_option() says: all of them, or a share by a draw for
/// each, so that the others overtake them. The witness is true when some were kept, and, of a share, others were not.
Result<std::unique_ptr<Injection>> delay_in_path(Rig& rig, const Aim& aim, const Options& options, const char* fault,
                                                 const kernel::Delay& delay, double share = 1);

}  // namespace squall::proxy
