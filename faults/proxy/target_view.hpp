// Subscribers' connections as the target sees them: its own peers, or the proxy's upstream ends where there is a proxy.
#pragma once

#include <optional>
#include <vector>

#include "faults/core/fault.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/kernel/socket_table.hpp"

namespace squall::proxy {

struct TargetSide {
    ClientConnection connection;
    kernel::Flow flow;  ///< the TCP connection that ends at the target
};

class TargetView {
public:
    /// The rig must have a target namespace and outlive the view.
    explicit TargetView(const Rig& rig) : rig_(rig) {}

    /// Connections that the proxy has not connected upstream (yet, or any more) are left out.
    std::vector<TargetSide> resolve(const std::vector<ClientConnection>& connections) const;

    /// The target's socket of each flow, in their order; none where the kernel has no such socket.
    Result<std::vector<std::optional<kernel::TcpSocket>>> sockets(const std::vector<TargetSide>& sides) const;

private:
    const Rig& rig_;
};

std::vector<ConnectionId> ids_of(const std::vector<TargetSide>& sides);
std::vector<kernel::Flow> flows_of(const std::vector<TargetSide>& sides);

}  // namespace squall::proxy
