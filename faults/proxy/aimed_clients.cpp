#include "faults/proxy/aimed_clients.hpp"

#include <fmt/format.h>

namespace squall::proxy {

Result<AimedClients> AimedClients::choose(Clients& clients, const Aim& aim, std::string_view fault) {
    AimedClients aimed(clients, aim);
    if (aim.some()) {
        for (const ClientConnection& chosen : squall::choose(clients.connections(aim.cohort), aim))
            aimed.chosen_.insert(chosen.id.subscriber);
        if (aimed.chosen_.empty()) return nobody_open(fault, aim);
    }
    aimed.look();
    return aimed;
}

void AimedClients::look() {
    ends_.clear();
    for (const ClientConnection& connection : clients_.connections(aim_.cohort)) {
        seen_[connection.local] = connection.id;
        if (everybody()) continue;
        if (!aim_.some() || chosen_.contains(connection.id.subscriber)) ends_.insert(connection.local);
    }
}

std::vector<ConnectionId> AimedClients::named(const std::set<Endpoint>& ends) const {
    std::vector<ConnectionId> ids;
    for (const Endpoint& end : ends) {
        if (const auto known = seen_.find(end); known != seen_.end()) ids.push_back(known->second);
    }
    return ids;
}

}  // namespace squall::proxy
