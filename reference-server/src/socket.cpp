#include "reference-server/src/socket.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "reference-server/src/socket_state.hpp"

namespace squall::reference {

bool IoResult::would_block() const {
    return error == EAGAIN || error == EWOULDBLOCK;
}

std::string PeerAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    inet_ntop(v6 ? AF_INET6 : AF_INET, ip.data(), buffer.data(), buffer.size());
    const std::string address = buffer.data();
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

Socket::Socket(std::shared_ptr<SocketState> state) : state_(std::move(state)) {}

Socket::~Socket() {
    if (!state_) return;
    state_->events = nullptr;
    if (state_->socket.is_open()) close();
}

void Socket::set_events(SocketEvents* events) {
    state_->events = events;
}

void Socket::wait_readable() {
    if (state_->read_waiting || !state_->socket.is_open()) return;
    state_->read_waiting = true;
    state_->socket.async_wait(boost::asio::ip::tcp::socket::wait_read,
                              [state = state_](const boost::system::error_code&) {
                                  state->read_waiting = false;
                                  if (state->events != nullptr) state->events->on_readable();
                              });
}

void Socket::wait_writable() {
    if (state_->write_waiting || !state_->socket.is_open()) return;
    state_->write_waiting = true;
    state_->socket.async_wait(boost::asio::ip::tcp::socket::wait_write,
                              [state = state_](const boost::system::error_code&) {
                                  state->write_waiting = false;
                                  if (state->events != nullptr) state->events->on_writable();
                              });
}

IoResult Socket::receive(std::span<char> buffer) {
    ssize_t count = 0;
    do {
        count = ::recv(state_->socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return {0, errno};
    return {static_cast<std::size_t>(count), 0};
}

IoResult Socket::send(std::span<iovec> parts) {
    constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const int descriptor = state_->socket.native_handle();
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t count = 0;
    do {
        // One message at a time is the usual case, and costs a little less without a vector.
        count = parts.size() == 1 ? ::send(descriptor, parts[0].iov_base, parts[0].iov_len, flags)
                                  : ::sendmsg(descriptor, &message, flags);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return {0, errno};
    return {static_cast<std::size_t>(count), 0};
}

void Socket::shutdown_send() {
    ::shutdown(state_->socket.native_handle(), SHUT_WR);
}

std::size_t Socket::unacknowledged_bytes() const {
    int bytes = 0;
    if (::ioctl(state_->socket.native_handle(), SIOCOUTQ, &bytes) != 0 || bytes < 0) return 0;
    return static_cast<std::size_t>(bytes);
}

int Socket::take_error() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

std::optional<std::chrono::milliseconds> Socket::since_last_acknowledgement() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(state_->socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    return std::chrono::milliseconds(info.tcpi_last_ack_recv);
}

void Socket::close() {
    constexpr std::size_t fin = 1;
    if (unacknowledged_bytes() > fin) {
        reset();
        return;
    }
    boost::system::error_code ignored;  // the descriptor is gone in any case
    state_->socket.close(ignored);
    state_->events = nullptr;
}

void Socket::reset() {
    const linger at_once{1, 0};
    ::setsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    boost::system::error_code ignored;
    state_->socket.close(ignored);
    state_->events = nullptr;
}

}  // namespace squall::reference
