// One TCP connection, as the sessions see it: reads and writes that never block, and a word when one may be tried.
//
// Asio is behind it (socket_state.hpp), so that the files that decide about delivery compile without it.
#pragma once

#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace squall::reference {

// Who is told. One wait_… call leads to at most one call here.
class SocketEvents {
public:
    virtual void on_readable() = 0;
    virtual void on_writable() = 0;

protected:
    ~SocketEvents() = default;
};

struct IoResult {
    std::size_t bytes = 0;
    int error = 0;  // an errno; 0 with no bytes received: the peer ended its side

    bool would_block() const;
};

struct PeerAddress {
    std::array<std::uint8_t, 16> ip{};
    std::uint16_t port = 0;
    bool v6 = false;

    std::string text() const;  // "192.0.2.1:40000" or "[2001:db8::1]:40000"
};

struct SocketState;

class Socket {
public:
    explicit Socket(std::shared_ptr<SocketState> state);
    Socket(Socket&&) noexcept = default;
    Socket& operator=(Socket&&) noexcept = delete;
    ~Socket();

    // Whom the waits below tell; whoever takes the socket over sets itself.
    void set_events(SocketEvents* events);
    void wait_readable();
    void wait_writable();

    IoResult receive(std::span<char> buffer);
    IoResult send(std::span<iovec> parts);

    // Sends FIN after what was written; reading goes on.
    void shutdown_send();

    // Bytes written that the peer's TCP has not acknowledged; a FIN counts as one.
    std::size_t unacknowledged_bytes() const;

    // The error that the kernel holds for this socket, and clears by telling.
    int take_error();

    // Since the peer's TCP last acknowledged anything, keepalive probes included. Empty: not known.
    std::optional<std::chrono::milliseconds> since_last_acknowledgement() const;

    // Ends the connection. Where bytes are unacknowledged the kernel would keep them, and the connection, for
    // minutes after close(): such a socket is reset.
    void close();

    // Ends the connection by RST, and frees what its buffers hold.
    void reset();

private:
    std::shared_ptr<SocketState> state_;
};

}  // namespace squall::reference
