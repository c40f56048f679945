// How late the rig itself is with the messages of one connection, told from what the target makes them wait.
#pragma once

#include <algorithm>

#include "faults/core/units.hpp"

namespace squall::workload {

/// A rig that is never late sends a message when it is due, or when the connection is free if that is later. It would
/// be free earlier, too, by as much as this one was late with the message before: lag adds up over a backlog, and ends
/// with it (the waiting time of a queue with one server; Lindley 1952).
class RigLag {
public:
    /// By how much later than such a rig this one sends at `now` what was due at `due`, on a connection that has been
    /// free since `free_at`.
    Nanos sending(Nanos now, Nanos due, Nanos free_at) {
        lag_ = now - std::max(due, free_at - lag_);
        return lag_;
    }
    /// A new connection: whatever it waited for, it was not for earlier messages.
    void reset() { lag_ = 0; }

private:
    Nanos lag_ = 0;
};

}  // namespace squall::workload
