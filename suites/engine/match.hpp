// Which line of the target's log is the end of which connection.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "suites/engine/reconcile.hpp"

namespace squall {

/// Where each of `views.connections` ends at the target: the subscriber's own end, or the proxy's. Empty: the proxy
/// never made a connection for it.
std::vector<std::optional<Endpoint>> peers_at_target(const Views& views);

struct Surplus {
    const DeclaredDisconnect* line = nullptr;
    std::optional<std::size_t> connection;  ///< that was declared ended already; empty: no connection had that peer
};
struct Matches {
    std::vector<const DeclaredDisconnect*> lines;  ///< by connection; null: nothing was declared
    std::vector<Surplus> surplus;
};

using Instants = std::vector<std::optional<Nanos>>;  ///< by connection, on the run's clock

/// By the peer's address. A port can come back in a later connection: then order and time decide, as far as the log
/// gives times. Lines about peers at the target's own address are passed over.
/// `seen_until`: when our side saw each of `views.connections` end; empty: it did not look, or it is not known.
Matches match(const Views& views, const std::vector<std::optional<Endpoint>>& peers, const Instants& seen_until);

/// The client's end, of which the target's line is only an echo.
bool echoes_client(const DeclaredDisconnect& line);

}  // namespace squall
