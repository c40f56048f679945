// Three views of one connection's end (client, target, kernel) and squall's own doing, made into one event.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "faults/proxy/proxy.hpp"
#include "suites/metrics/history.hpp"
#include "suites/targets/declared_log.hpp"
#include "suites/workload/workload.hpp"

namespace squall {

struct Views {
    std::vector<workload::Established> connections;  ///< every one; of each role in order of time
    std::vector<proxy::Pair> pairs;                  ///< of the proxy, in order of time; empty where there is none
    Endpoint target;                                 ///< peers at its address are squall's own probes of it
    std::vector<DeclaredDisconnect> declared;        ///< in the order of the target's log
    Nanos realtime_minus_run = 0;                    ///< CLOCK_REALTIME less the run's clock

    // The kernel's view, once every subscriber had gone and the target had had the time to notice.
    std::map<Endpoint, std::string> held;  ///< peers of the sockets that the target's process still had: their state
    std::size_t log_size_when_held = 0;    ///< of the target's log before that was looked up, in bytes
    Nanos stopped_at = 0;                  ///< on the run's clock: when the target was told to stop; 0: never

    /// On the run's clock: each of the times that a fault ended the target's process.
    struct Killed {
        Nanos told_at = 0, ended_at = 0;
    };
    std::vector<Killed> killed;
};

/// Gives each of `events`' disconnects the label `reason`: what the target declared for that connection; where it
/// declared nothing, what it said on the wire (farewell, close reason), else what the wire looked like.
/// When it was is the client's to say, unless it was cut off or not reading (label `blind`).
/// A connection whose end the client could not see (lost, or not reading) but the target declared on its own account
/// becomes a disconnect at the declared time with seen=lost instead of a hang-up.
///
/// For the books, each end also gets: `declared` (the target's reason), `declared_dropped`, `declared_delivered` where
/// its line had them; `at_stop` where the line was written only as the target was stopped (by its time; of a line
/// without one, if it came that late and the target's process had the socket until then); `held` (the socket's state)
/// where the target's process still had the socket behind its own word, or without one; `killed` where a fault ended
/// that process while the connection was open, and there is no line. A line of the log that is no
/// end of any connection becomes an event `declared.unmatched`, with `connection` if it is one end too many of that
/// one.
std::vector<Event> reconcile(std::vector<Event> events, const Views& views);

/// What a disconnect is called when the target says nothing: close_1013 -> slow_consumer …; else the client's view.
std::string reason_from_wire(const std::string& seen);

}  // namespace squall
