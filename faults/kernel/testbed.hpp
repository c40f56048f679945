// The rig's network: subscribers ──veth── path ──veth── target, each in its own namespace.
//
//   clients 198.18.0.1/24 ── 198.18.0.254 path 198.18.1.254 ── 198.18.1.1/24 target
//
// The path forwards (ip_forward, no conntrack) and holds the nftables table of the run; the proxy, when there is one,
// listens on 198.18.0.254. Addresses: RFC 2544, benchmarking.
#pragma once

#include "faults/core/clients.hpp"
#include "faults/kernel/namespace.hpp"

namespace squall::kernel {

struct Testbed {
    Namespace clients;
    Namespace path;
    Namespace target;

    static constexpr std::uint32_t client_address = 0xC6120001;       // 198.18.0.1
    static constexpr std::uint32_t path_client_address = 0xC61200FE;  // 198.18.0.254
    static constexpr std::uint32_t path_target_address = 0xC61201FE;  // 198.18.1.254
    static constexpr std::uint32_t target_address = 0xC6120101;       // 198.18.1.1

    static constexpr const char* towards_clients = "to-clients";  ///< the path's interfaces
    static constexpr const char* towards_target = "to-target";
};

/// Ephemeral ports of the clients are widened to 1024..65535; listen backlogs (somaxconn) to 16,384, where
/// the kernel lets a user namespace do that. Segmentation
/// offloads of the veth pairs stay on. Everything vanishes with the last descriptor.
Result<Testbed> make_testbed();

}  // namespace squall::kernel
