#include "faults/proxy/canary.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace squall::proxy {
namespace {

sockaddr_in socket_address(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(endpoint.address);
    address.sin_port = htons(endpoint.port);
    return address;
}

Result<Endpoint> local_end(int socket) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        return system_failure("canary: reading its socket's address", errno);
    }
    return Endpoint{ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

}  // namespace

Status Canary::open_sink() {
    sink_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sink_ < 0) return system_failure("canary: opening its sink", errno);
    const sockaddr_in loopback = socket_address({INADDR_LOOPBACK, 0});
    if (bind(sink_, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) != 0 || listen(sink_, 1) != 0) {
        return system_failure("canary: listening on loopback", errno);
    }
    const auto end = local_end(sink_);
    if (!end) return end.error();
    sink_end_ = *end;
    return {};
}

Status Canary::fly(const Endpoint& front) {
    land();
    if (auto opened = open_sink(); !opened) return opened;
    client_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client_ < 0) return system_failure("canary: opening its socket", errno);
    const sockaddr_in address = socket_address(front);
    if (connect(client_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
        return system_failure("canary: connecting to the proxy at " + to_string(front), errno);
    }
    const auto end = local_end(client_);
    if (!end) return end.error();
    client_end_ = *end;
    return {};
}

void Canary::land() {
    for (int* socket : {&client_, &sink_}) {
        if (*socket >= 0) close(std::exchange(*socket, -1));
    }
    client_end_ = sink_end_ = {};
}

}  // namespace squall::proxy
