#include "faults/kernel/route_socket.hpp"

#include <netlink/errno.h>

namespace squall::kernel {

Error netlink_failure(const std::string& attempted, int code) {
    return Error{attempted + ": " + nl_geterror(code), 0};
}

Result<Socket> route_socket() {
    Socket socket(nl_socket_alloc());
    if (const int code = nl_connect(socket.get(), NETLINK_ROUTE); code < 0) {
        return netlink_failure("connecting to rtnetlink", code);
    }
    return socket;
}

}  // namespace squall::kernel
