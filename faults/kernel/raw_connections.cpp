#include "faults/kernel/raw_connections.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "faults/core/socket_address.hpp"

namespace squall::kernel {
namespace {

/// So much of one connection at a time, so that a firehose does not hold up the fault's clock.
constexpr int reads_a_turn_max = 16;

RawConnection::End end_of(int error) {
    if (error == ECONNREFUSED) return RawConnection::End::refused;
    const bool reset = error == ECONNRESET || error == EPIPE || error == ECONNABORTED;
    return reset ? RawConnection::End::reset : RawConnection::End::timed_out;
}

}  // namespace

RawConnections::~RawConnections() {
    close_all(0);
}

Result<std::vector<Endpoint>> RawConnections::open(std::size_t count, Nanos now) {
    const std::size_t before = all_.size();
    const auto work = [&]() -> Status {
        for (std::size_t i = 0; i < count; ++i) {
            if (auto begun = begin_one(now); !begun) return begun;
        }
        return {};
    };
    const Status opened = where_ != nullptr ? where_->run(work) : work();
    // Those that were begun before it failed exist all the same; the next call will fail at its first.
    if (!opened && all_.size() == before) return opened.error();
    std::vector<Endpoint> own;
    for (std::size_t i = before; i < all_.size(); ++i) {
        if (all_[i].local.port != 0) own.push_back(all_[i].local);
    }
    return own;
}

Status RawConnections::begin_one(Nanos now) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return system_failure("make a socket", errno, "raise the limit on open files (ulimit -n)");
    const auto fail = [fd](const std::string& attempted, int error) {
        ::close(fd);
        return system_failure(attempted, error);
    };
    const int on = 1;
    if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return fail("set TCP_NODELAY", errno);
    const sockaddr_in address = socket_address(to_);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    const int error = ::connect(fd, generic, sizeof address) == 0 || errno == EINPROGRESS ? 0 : errno;
    const bool by_peer = error == ECONNREFUSED || error == ECONNRESET;
    if (error != 0 && !by_peer) return fail("connect to " + to_string(to_), error);
    const Endpoint own = by_peer ? Endpoint{} : local_end(fd);
    if (!by_peer && own == Endpoint{}) return fail("ask for a connection's own end", errno);
    RawConnection& connection = all_.emplace_back();
    connection.fd = fd;
    connection.began = now;
    if (by_peer) {
        close(connection, end_of(error), now);
    } else {
        connection.local = own;
    }
    return {};
}

void RawConnections::attend(Nanos now) {
    for (RawConnection& connection : all_) {
        if (connection.state != RawConnection::State::ended) attend(connection, now);
    }
}

void RawConnections::attend(RawConnection& connection, Nanos now) {
    if (connection.state == RawConnection::State::connecting) {
        pollfd ready{connection.fd, POLLOUT, 0};
        if (::poll(&ready, 1, 0) <= 0) return;
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        if (error != 0) {
            close(connection, end_of(error), now);
            return;
        }
        connection.state = RawConnection::State::open;
        connection.connected = std::max<Nanos>(now, 1);
    }
    read(connection, now);
}

void RawConnections::read(RawConnection& connection, Nanos now) {
    for (int reads = 0; reads < reads_a_turn_max; ++reads) {
        const ssize_t got = ::recv(connection.fd, buffer_.data(), buffer_.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            close(connection, got == 0 ? RawConnection::End::finished : end_of(errno), now);
            return;
        }
        const std::size_t room = RawConnection::answer_bytes_max - connection.answer.size();
        connection.answer.append(buffer_.data(), std::min(room, static_cast<std::size_t>(got)));
    }
}

void RawConnections::send(RawConnection& connection, std::string_view bytes) {
    if (connection.state != RawConnection::State::open) return;
    const ssize_t sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) connection.sent += static_cast<std::size_t>(sent);
    // An error is the end that reading finds.
}

void RawConnections::finish_writing(const RawConnection& connection) {
    if (connection.fd >= 0) (void)::shutdown(connection.fd, SHUT_WR);  // fails where the peer was faster
}

void RawConnections::close(RawConnection& connection, RawConnection::End end, Nanos now) {
    ::close(connection.fd);
    connection.fd = -1;
    connection.state = RawConnection::State::ended;
    connection.end = end;
    connection.ended = now;
}

std::size_t RawConnections::acknowledged(const RawConnection& connection) {
    int bytes = 0;
    const bool known = connection.fd >= 0 && ::ioctl(connection.fd, SIOCOUTQ, &bytes) == 0 && bytes >= 0;
    return known ? connection.sent - std::min(connection.sent, static_cast<std::size_t>(bytes)) : 0;
}

void RawConnections::forget_ended() {
    std::erase_if(all_,
                  [](const RawConnection& connection) { return connection.state == RawConnection::State::ended; });
}

void RawConnections::close_all(Nanos now) {
    for (RawConnection& connection : all_) {
        if (connection.state != RawConnection::State::ended) close(connection, RawConnection::End::ours, now);
    }
}

}  // namespace squall::kernel
