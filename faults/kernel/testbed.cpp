#include "faults/kernel/testbed.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/route.h>

#include <cerrno>
#include <memory>

#include "faults/kernel/route_socket.hpp"

namespace squall::kernel {
namespace {

using Link = std::unique_ptr<rtnl_link, Freed<rtnl_link_put>>;
using LocalAddress = std::unique_ptr<rtnl_addr, Freed<rtnl_addr_put>>;
using Address = std::unique_ptr<nl_addr, Freed<nl_addr_put>>;
using Route = std::unique_ptr<rtnl_route, Freed<rtnl_route_put>>;

constexpr int prefix_bits = 24;
constexpr const char* end_name = "eth0";

Address make_address(std::uint32_t host_order, int bits) {
    const std::uint32_t network_order = htonl(host_order);
    Address address(nl_addr_build(AF_INET, &network_order, sizeof network_order));
    nl_addr_set_prefixlen(address.get(), bits);
    return address;
}

/// Called inside the path: one end stays here as `name`, the other appears in `peer` as eth0.
Status add_veth(const char* name, const Namespace& peer) {
    auto socket = route_socket();
    if (!socket) return socket.error();
    const Link link(rtnl_link_veth_alloc());
    rtnl_link_set_name(link.get(), name);
    const Link far(rtnl_link_veth_get_peer(link.get()));
    rtnl_link_set_name(far.get(), end_name);
    rtnl_link_set_ns_fd(far.get(), peer.descriptor());
    if (const int code = rtnl_link_add(socket->get(), link.get(), NLM_F_CREATE | NLM_F_EXCL); code < 0) {
        return netlink_failure(fmt::format("making the veth pair {}", name), code);
    }
    return {};
}

/// Called inside the namespace that holds the interface.
Status configure(const char* name, std::uint32_t address) {
    auto socket = route_socket();
    if (!socket) return socket.error();
    rtnl_link* found = nullptr;
    if (const int code = rtnl_link_get_kernel(socket->get(), 0, name, &found); code < 0) {
        return netlink_failure(fmt::format("looking for interface {}", name), code);
    }
    const Link link(found);

    const LocalAddress local(rtnl_addr_alloc());
    rtnl_addr_set_ifindex(local.get(), rtnl_link_get_ifindex(link.get()));
    const Address value = make_address(address, prefix_bits);
    rtnl_addr_set_local(local.get(), value.get());
    if (const int code = rtnl_addr_add(socket->get(), local.get(), 0); code < 0) {
        return netlink_failure(fmt::format("giving {} its address", name), code);
    }
    const Link change(rtnl_link_alloc());
    rtnl_link_set_flags(change.get(), IFF_UP);
    if (const int code = rtnl_link_change(socket->get(), link.get(), change.get(), 0); code < 0) {
        return netlink_failure(fmt::format("bringing {} up", name), code);
    }
    return {};
}

Status route_by(std::uint32_t gateway) {
    auto socket = route_socket();
    if (!socket) return socket.error();
    const Route route(rtnl_route_alloc());
    const Address anywhere = make_address(0, 0);
    const Address hop = make_address(gateway, 32);
    rtnl_route_set_dst(route.get(), anywhere.get());
    rtnl_nexthop* next = rtnl_route_nh_alloc();
    rtnl_route_nh_set_gateway(next, hop.get());
    rtnl_route_add_nexthop(route.get(), next);  // the route owns it from here
    if (const int code = rtnl_route_add(socket->get(), route.get(), NLM_F_CREATE); code < 0) {
        return netlink_failure("adding the default route", code);
    }
    return {};
}

Status configure_end(const Namespace& end, std::uint32_t address, std::uint32_t gateway) {
    return end.run([&]() -> Status {
        if (auto done = configure(end_name, address); !done) return done;
        return route_by(gateway);
    });
}

Status configure_path(const Testbed& testbed) {
    return testbed.path.run([&]() -> Status {
        if (auto done = add_veth(Testbed::towards_clients, testbed.clients); !done) return done;
        if (auto done = add_veth(Testbed::towards_target, testbed.target); !done) return done;
        if (auto done = configure(Testbed::towards_clients, Testbed::path_client_address); !done) return done;
        return configure(Testbed::towards_target, Testbed::path_target_address);
    });
}

/// Room for tens of thousands of connections, and for their arriving all at once.
Status tune(const Testbed& testbed) {
    if (auto done = testbed.path.sysctl("net/ipv4/ip_forward", "1"); !done) return done;
    // The proxy's upstream connections leave from the path, so it needs the ports as much as the clients do.
    for (const Namespace* origin : {&testbed.clients, &testbed.path}) {
        if (auto done = origin->sysctl("net/ipv4/ip_local_port_range", "1024 65535"); !done) return done;
    }
    for (const Namespace* listener : {&testbed.path, &testbed.target}) {
        // Older kernels keep net.core from user namespaces (6.1 does); the kernel's own 4,096 has to do then.
        if (auto done = listener->sysctl("net/core/somaxconn", "16384"); !done && done.error().system_error != ENOENT) {
            return done;
        }
        if (auto done = listener->sysctl("net/ipv4/tcp_max_syn_backlog", "16384"); !done) return done;
    }
    return {};
}

}  // namespace

Result<Testbed> make_testbed() {
    auto clients = Namespace::create();
    if (!clients) return clients.error();
    auto path = Namespace::create();
    if (!path) return path.error();
    auto target = Namespace::create();
    if (!target) return target.error();
    Testbed testbed{std::move(*clients), std::move(*path), std::move(*target)};

    if (auto done = configure_path(testbed); !done) return done.error();
    if (auto done = configure_end(testbed.clients, Testbed::client_address, Testbed::path_client_address); !done) {
        return done.error();
    }
    if (auto done = configure_end(testbed.target, Testbed::target_address, Testbed::path_target_address); !done) {
        return done.error();
    }
    if (auto done = tune(testbed); !done) return done.error();
    return testbed;
}

}  // namespace squall::kernel
