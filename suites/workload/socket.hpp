// The system calls on TCP sockets that subscribers and publishers make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "faults/core/clients.hpp"
#include "faults/core/result.hpp"
#include "faults/core/units.hpp"

namespace squall::workload {

/// A non-blocking socket with kernel receive timestamps whose connection to `peer` has been begun.
/// `receive_buffer_bytes` > 0: SO_RCVBUF, set before connect so that it bounds the window from the first byte.
Result<int> begin_connect(const Endpoint& peer, std::uint32_t receive_buffer_bytes);

struct Received {
    std::ptrdiff_t bytes = 0;  ///< 0: the peer's FIN; -1: see error
    int error = 0;             ///< EAGAIN, ECONNRESET, …
    std::size_t taken = 0;     ///< from the kernel: as many as `bytes`, but for TLS
    Nanos realtime = 0;        ///< CLOCK_REALTIME of the last segment that was read from; 0: none was given
};
Received receive(int fd, char* buffer, std::size_t size);

/// Bytes the kernel took; -1 with errno. Never raises SIGPIPE.
std::ptrdiff_t send_some(int fd, std::string_view bytes);

int pending_error(int fd);  ///< SO_ERROR; reading it clears it
std::uint32_t unread_bytes(int fd);
/// Bytes written that the peer's kernel has not acknowledged; none: the kernel does not say.
std::optional<std::uint64_t> unacknowledged_bytes(int fd);

/// SO_RCVBUF of an established connection, with a window that follows it: what has been offered already is withdrawn,
/// what will be is clamped. Linux itself never withdraws (RFC 9293, 3.8.6); before 6.6 it would drop what no longer
/// fits, for the peer to send again and again, and never say that the window is closed. Withdrawing needs CAP_NET_ADMIN
/// over the network namespace; without it that is what an older kernel does.
Status set_receive_buffer(int fd, std::uint32_t bytes);

void close_with_reset(int fd);
/// From here on close() sends no packet (TCP_REPAIR). Needs CAP_NET_ADMIN.
Status enter_repair(int fd);
void close_silently(int fd);  ///< best effort: an ordinary close without the privilege

}  // namespace squall::workload
