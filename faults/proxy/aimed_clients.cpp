#include "faults/proxy/aimed_clients.hpp"

namespace squall::proxy {

AimedClients::AimedClients(Clients& clients, const Aim& aim) : clients_(clients), aim_(aim) {
    if (aim_.subscriber) {
        chosen_ = {*aim_.subscriber};
    } else if (aim_.some()) {
        for (const ClientConnection& chosen : choose(clients_.connections(aim_.cohort), aim_))
            chosen_.insert(chosen.id.subscriber);
    }
    look();
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
