#include "faults/proxy/canary.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "faults/core/socket_address.hpp"

namespace squall::proxy {

Status Canary::open_sink() {
    sink_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sink_ < 0) return system_failure("canary: opening its sink", errno);
    const sockaddr_in loopback = socket_address({INADDR_LOOPBACK, 0});
    if (bind(sink_, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) != 0 || listen(sink_, 1) != 0) {
        return system_failure("canary: listening on loopback", errno);
    }
    sink_end_ = local_end(sink_);
    if (sink_end_ == Endpoint{}) return system_failure("canary: reading its socket's address", errno);
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
    client_end_ = local_end(client_);
    if (client_end_ == Endpoint{}) return system_failure("canary: reading its socket's address", errno);
    return {};
}

void Canary::land() {
    for (int* socket : {&client_, &sink_}) {
        if (*socket >= 0) close(std::exchange(*socket, -1));
    }
    accepted_ = false;
}

}  // namespace squall::proxy
