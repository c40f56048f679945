// What libnl's objects need around them: owners, a socket for rtnetlink, errors that say what was attempted.
#pragma once

#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <memory>
#include <string>

#include "faults/core/result.hpp"

namespace squall::kernel {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using Socket = std::unique_ptr<nl_sock, Freed<nl_socket_free>>;

Error netlink_failure(const std::string& attempted, int code);

/// In the namespace of the calling thread.
Result<Socket> route_socket();

}  // namespace squall::kernel
