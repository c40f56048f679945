#include "faults/proxy/connect.hpp"

#include <unistd.h>

#include <cerrno>
#include <vector>

#include "faults/core/socket_address.hpp"

namespace squall::proxy {

constexpr int connect_attempts_max = 64;

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
