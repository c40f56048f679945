#include "faults/proxy/target_view.hpp"

#include <map>

#include "faults/kernel/namespace.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

std::vector<TargetSide> TargetView::resolve(const std::vector<ClientConnection>& connections) const {
    std::map<Endpoint, Endpoint> upstream_of;
    if (rig_.proxy != nullptr) {
        // Later pairs win: a port that was used twice belongs to the later connection.
        for (const Pair& pair : rig_.proxy->pairs())
            upstream_of[pair.client] = pair.upstream;
    }
    std::vector<TargetSide> sides;
    sides.reserve(connections.size());
    for (const ClientConnection& connection : connections) {
        if (rig_.proxy == nullptr || connection.remote != rig_.proxy->listening()) {
            sides.push_back({connection, {connection.local, connection.remote}});
        } else if (const auto pair = upstream_of.find(connection.local); pair != upstream_of.end()) {
            sides.push_back({connection, {pair->second, rig_.target}});
        }
    }
    return sides;
}

Result<std::vector<std::optional<kernel::TcpSocket>>> TargetView::sockets(const std::vector<TargetSide>& sides) const {
    std::vector<kernel::TcpSocket> all;
    const Status read = rig_.target_netns->run([&]() -> Status {
        auto sockets = kernel::tcp_sockets();
        if (!sockets) return sockets.error();
        all = std::move(*sockets);
        return {};
    });
    if (!read) return read.error();

    std::map<kernel::Flow, const kernel::TcpSocket*> by_flow;
    for (const kernel::TcpSocket& socket : all)
        by_flow[{socket.remote, socket.local}] = &socket;
    std::vector<std::optional<kernel::TcpSocket>> found(sides.size());
    for (std::size_t i = 0; i < sides.size(); ++i) {
        if (const auto entry = by_flow.find(sides[i].flow); entry != by_flow.end()) found[i] = *entry->second;
    }
    return found;
}

std::vector<ConnectionId> ids_of(const std::vector<TargetSide>& sides) {
    std::vector<ConnectionId> ids;
    ids.reserve(sides.size());
    for (const TargetSide& side : sides)
        ids.push_back(side.connection.id);
    return ids;
}

std::vector<kernel::Flow> flows_of(const std::vector<TargetSide>& sides) {
    std::vector<kernel::Flow> flows;
    flows.reserve(sides.size());
    for (const TargetSide& side : sides)
        flows.push_back(side.flow);
    return flows;
}

}  // namespace squall::proxy
