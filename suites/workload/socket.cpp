#include "suites/workload/socket.hpp"

#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "faults/core/socket_address.hpp"

namespace squall::workload {
namespace {

template <class T>
bool set_option(int fd, int level, int name, const T& value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Error and_close(int fd, Error error) {
    ::close(fd);
    return error;
}

/// Makes the window that the peer has been offered, and may fill, no larger than `bytes`.
Status withdraw_window(int fd, std::uint32_t bytes) {
    if (!set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON)) {
        if (errno == EPERM) return {};  // an ordinary user on the host's network: see the header
        return system_failure("put a connection in repair mode (TCP_REPAIR)", errno);
    }
    tcp_repair_window window{};
    socklen_t size = sizeof window;
    bool done = ::getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &window, &size) == 0;
    if (done && window.rcv_wnd > bytes) {
        window.rcv_wnd = bytes;
        done = set_option(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, window);
    }
    const int why = errno;
    // Nothing is sent: the next acknowledgement tells the peer.
    if (!set_option(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP)) {
        return system_failure("take a connection out of repair mode (TCP_REPAIR)", errno);
    }
    if (!done) return system_failure("make an offered window smaller (TCP_REPAIR_WINDOW)", why);
    return {};
}

}  // namespace

Result<int> begin_connect(const Endpoint& peer, std::uint32_t receive_buffer_bytes) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return system_failure("make a socket", errno, "raise the limit on open files (ulimit -n)");
    const int timestamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    if (!set_option(fd, SOL_SOCKET, SO_TIMESTAMPING, timestamps)) {
        return and_close(fd, system_failure("ask for receive timestamps (SO_TIMESTAMPING)", errno));
    }
    if (!set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1)) return and_close(fd, system_failure("set TCP_NODELAY", errno));
    if (receive_buffer_bytes > 0 && !set_option(fd, SOL_SOCKET, SO_RCVBUF, static_cast<int>(receive_buffer_bytes))) {
        return and_close(fd, system_failure("set SO_RCVBUF", errno));
    }
    const sockaddr_in address = socket_address(peer);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(fd, generic, sizeof address) == 0 || errno == EINPROGRESS) return fd;
    return and_close(fd, system_failure("connect to " + to_string(peer), errno));
}

Received receive(int fd, char* buffer, std::size_t size) {
    iovec part{buffer, size};
    alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(timespec))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    Received received;
    received.bytes = ::recvmsg(fd, &message, 0);
    if (received.bytes < 0) {
        received.error = errno;
        return received;
    }
    received.taken = static_cast<std::size_t>(received.bytes);
    for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPING) continue;
        timespec software{};  // the first of three: software, deprecated, hardware
        std::memcpy(&software, CMSG_DATA(item), sizeof software);
        received.realtime = software.tv_sec * nanos_per_second + software.tv_nsec;
    }
    return received;
}

std::ptrdiff_t send_some(int fd, std::string_view bytes) {
    return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

std::uint32_t unread_bytes(int fd) {
    int bytes = 0;
    return ::ioctl(fd, SIOCINQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint32_t>(bytes) : 0;
}

std::optional<std::uint64_t> unacknowledged_bytes(int fd) {
    int bytes = 0;
    if (::ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes < 0) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
}

Status set_receive_buffer(int fd, std::uint32_t bytes) {
    const int wanted = static_cast<int>(bytes);
    if (!set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted)) return system_failure("set SO_RCVBUF", errno);
    if (!set_option(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, wanted)) return system_failure("set TCP_WINDOW_CLAMP", errno);
    return withdraw_window(fd, bytes);
}

void close_with_reset(int fd) {
    const linger at_once{1, 0};
    // Cannot fail on a socket of ours; if it did, close() would still end the connection.
    (void)set_option(fd, SOL_SOCKET, SO_LINGER, at_once);
    ::close(fd);
}

Status enter_repair(int fd) {
    if (set_option(fd, IPPROTO_TCP, TCP_REPAIR, 1)) return {};
    return system_failure("put a connection in repair mode (TCP_REPAIR)", errno,
                          "run as root, or in a user namespace that owns the network namespace (CAP_NET_ADMIN)");
}

void close_silently(int fd) {
    // The path has lost the connection: where repair mode is not to be had, a FIN does not arrive either.
    (void)enter_repair(fd);
    ::close(fd);
}

}  // namespace squall::workload
