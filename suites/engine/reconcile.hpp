// Three views of one connection's end (client, target, and squall's own doing) made into one event.
#pragma once

#include <map>
#include <vector>

#include "suites/metrics/history.hpp"
#include "suites/targets/declared_log.hpp"

namespace squall {

struct Views {
    std::vector<ClientConnection> connections;         ///< every one that was ever established
    std::map<Endpoint, Endpoint> client_behind_proxy;  ///< the proxy's upstream end -> the subscriber's end
    std::vector<DeclaredDisconnect> declared;          ///< in the order of the target's log
    Nanos realtime_minus_run = 0;                      ///< CLOCK_REALTIME less the run's clock
};

/// Gives each of `events`' disconnects the label `reason`: what the target declared for that connection; where it
/// declared nothing, what it said on the wire (farewell, close reason), else what the wire looked like.
/// When it was is the client's to say, unless it was cut off or not reading (label `blind`).
/// A connection whose end the client could not see (lost, or not reading) but the target declared on its own account
/// becomes a disconnect at the declared time with seen=lost instead of a hang-up.
std::vector<Event> reconcile(std::vector<Event> events, const Views& views);

/// What a disconnect is called when the target says nothing: close_1013 -> slow_consumer …; else the client's view.
std::string reason_from_wire(const std::string& seen);

}  // namespace squall
