// Whom a fault in the proxy is aimed at: the proxy knows clients by their end of a connection, an aim by subscriber.
#pragma once

#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "faults/core/fault.hpp"
#include "faults/proxy/toxics.hpp"

namespace squall::proxy {

class AimedClients {
public:
    /// Of a share, the subscribers are chosen here, among those that are connected. Error, which names `fault`: there
    /// are none.
    static Result<AimedClients> choose(Clients& clients, const Aim& aim, std::string_view fault);

    bool everybody() const { return aim_.everybody(); }
    /// Subscribers come back on other connections: to be called now and then.
    void look();
    /// Nobody's, if it is aimed at everybody.
    const std::set<Endpoint>& ends() const { return ends_; }
    bool hits(const Endpoint& client) const { return everybody() || ends_.contains(client); }
    /// Of those that have been seen.
    std::vector<ConnectionId> named(const std::set<Endpoint>& ends) const;

private:
    AimedClients(Clients& clients, const Aim& aim) : clients_(clients), aim_(aim) {}

    Clients& clients_;
    const Aim aim_;
    std::set<std::uint32_t> chosen_;  ///< subscribers, of a share
    std::set<Endpoint> ends_;
    std::unordered_map<Endpoint, ConnectionId, EndpointHash> seen_;
};

}  // namespace squall::proxy
