#include "faults/proxy/connect.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace squall::proxy {
namespace {

constexpr int connect_attempts_max = 64;

sockaddr_in socket_address(const Endpoint& endpoint) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(endpoint.address);
    address.sin_port = htons(endpoint.port);
    return address;
}

}  // namespace

Endpoint local_end(int socket) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
    return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

/// Refused ones are held open until there is a good one, or the kernel would offer the same port again.
Result<int> begin_connecting(const Endpoint& upstream, const std::function<bool(std::uint16_t)>& is_lost) {
    std::vector<int> refused;
    Result<int> result = Error{"connecting upstream: every port tried belongs to a lost connection"};
    const sockaddr_in address = socket_address(upstream);
    for (int attempt = 0; attempt < connect_attempts_max; ++attempt) {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (socket < 0) {
            result = system_failure("opening a socket to the target", errno,
                                    "raise the limit on open files (ulimit -n): a proxied connection needs two");
            break;
        }
        if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EINPROGRESS) {
            if (!is_lost(local_end(socket).port)) {
                result = socket;
                break;
            }
        } else if (errno != EPERM) {  // EPERM: the SYN of a lost port met our own filter
            result = system_failure("connecting to the target " + to_string(upstream), errno);
            close(socket);
            break;
        }
        refused.push_back(socket);
    }
    for (const int socket : refused)
        close(socket);
    return result;
}

}  // namespace squall::proxy
