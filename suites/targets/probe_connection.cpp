#include "suites/targets/probe_connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "faults/core/clock.hpp"
#include "faults/core/socket_address.hpp"

namespace squall {
namespace {

Error tls_failure(const std::string& why) {
    return {why, EPROTO};
}

}  // namespace

Result<std::unique_ptr<ProbeConnection>> ProbeConnection::open(const Endpoint& to, const tls::Context* tls,
                                                               Nanos until) {
    std::unique_ptr<ProbeConnection> made(new ProbeConnection);
    if (Status connected = made->connect(to, until); !connected) return connected.error();
    if (tls != nullptr) {
        if (Status shaken = made->shake_hands(*tls, until); !shaken) return shaken.error();
    }
    return made;
}

ProbeConnection::~ProbeConnection() {
    if (socket_ < 0) return;
    if (tls_) {
        tls_->close();
        const std::string farewell = tls_->take_outgoing();
        // A peer that does not take it learns from the FIN that follows.
        (void)::send(socket_, farewell.data(), farewell.size(), MSG_NOSIGNAL);
    }
    ::close(socket_);
}

Status ProbeConnection::wait(short events, const char* what, Nanos until) const {
    const Nanos left = until - monotonic_now();
    pollfd descriptor{socket_, events, 0};
    const int ready = left <= 0 ? 0 : ::poll(&descriptor, 1, static_cast<int>(left / 1'000'000 + 1));
    if (ready < 0) return system_failure(what, errno);
    if (ready == 0) return system_failure(std::string(what) + ": no answer in time", ETIMEDOUT);
    return {};
}

Status ProbeConnection::connect(const Endpoint& to, Nanos until) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return system_failure("make a socket", errno);
    const sockaddr_in address = socket_address(to);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
    if (errno != EINPROGRESS) return system_failure("connect", errno);
    if (Status ready = wait(POLLOUT, "connect", until); !ready) return ready;
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    if (error != 0) return system_failure("connect", error);
    return {};
}

Status ProbeConnection::shake_hands(const tls::Context& context, Nanos until) {
    tls_ = std::make_unique<tls::Session>(context);
    while (tls_->state() == tls::Session::State::handshaking) {
        if (Status sent = send_records(until); !sent) return sent;
        auto bytes = receive_from_wire(until);
        if (!bytes) return Error{"TLS handshake: " + bytes.error().message, bytes.error().system_error};
        if (bytes->empty()) return Error{"TLS handshake: the connection was closed", ECONNRESET};
        std::string plain(bytes->size() + tls::Session::record_bytes_max, '\0');
        early_.append(plain, 0, tls_->feed(*bytes, plain.data()));
    }
    const Status sent = send_records(until);  // the end of the handshake, or what tells the peer why not
    if (tls_->state() == tls::Session::State::failed) return tls_failure(tls_->why());
    return sent;
}

Status ProbeConnection::send(std::string_view bytes, Nanos until) {
    if (!tls_) return send_on_wire(bytes, until);
    tls_->write(bytes);
    if (tls_->state() == tls::Session::State::failed) return tls_failure(tls_->why());
    return send_records(until);
}

Status ProbeConnection::send_records(Nanos until) {
    return send_on_wire(tls_->take_outgoing(), until);
}

Status ProbeConnection::send_on_wire(std::string_view bytes, Nanos until) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EAGAIN) {
            if (Status ready = wait(POLLOUT, "send", until); !ready) return ready;
        } else if (errno != EINTR) {
            return system_failure("send", errno);
        }
    }
    return {};
}

Result<std::string> ProbeConnection::receive(Nanos until) {
    if (!tls_) return receive_from_wire(until);
    if (!early_.empty()) return std::exchange(early_, {});
    for (;;) {
        if (tls_->state() == tls::Session::State::ended) return std::string();
        auto bytes = receive_from_wire(until);
        if (!bytes || bytes->empty()) return bytes;
        std::string plain(bytes->size() + tls::Session::record_bytes_max, '\0');
        plain.resize(tls_->feed(*bytes, plain.data()));
        if (Status sent = send_records(until); !sent) return sent.error();
        if (!plain.empty()) return plain;
        if (tls_->state() == tls::Session::State::failed) return tls_failure(tls_->why());
    }
}

Result<std::string> ProbeConnection::receive_from_wire(Nanos until) {
    for (;;) {
        if (Status ready = wait(POLLIN, "receive", until); !ready) return ready.error();
        char chunk[16384];
        const ssize_t count = ::recv(socket_, chunk, sizeof chunk, 0);
        if (count >= 0) return std::string(chunk, static_cast<std::size_t>(count));
        if (errno != EAGAIN && errno != EINTR) return system_failure("receive", errno);
    }
}

}  // namespace squall
