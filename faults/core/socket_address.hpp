// Endpoints as the kernel's socket calls have them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "faults/core/clients.hpp"

namespace squall {

inline sockaddr_in socket_address(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(endpoint.address);
    address.sin_port = htons(endpoint.port);
    return address;
}

/// Of an IPv4 socket that is bound, or has begun to connect. {0, 0}, with errno: there is none.
inline Endpoint local_end(int socket) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
    return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

}  // namespace squall
