// The kernel's TCP socket table by NETLINK_SOCK_DIAG: states, queues, retransmits, memory.
#pragma once

#include <cstdint>
#include <vector>

#include "faults/core/clients.hpp"

namespace squall::kernel {

enum class TcpState : std::uint8_t {  // include/net/tcp_states.h
    established = 1,
    syn_sent,
    syn_recv,
    fin_wait1,
    fin_wait2,
    time_wait,
    close,
    close_wait,
    last_ack,
    listen,
    closing,
};
const char* to_string(TcpState state);

struct TcpSocket {
    Endpoint local;
    Endpoint remote;
    TcpState state = TcpState::close;
    std::uint32_t receive_queue = 0;  ///< bytes not read by the application (of a listener: accept queue length)
    std::uint32_t send_queue = 0;     ///< bytes not acknowledged by the peer
    std::uint32_t retransmits = 0;    ///< consecutive, of the segment now outstanding
    std::uint32_t memory = 0;         ///< bytes of socket buffers charged (rmem + wmem + forward alloc)
    std::uint32_t total_retransmits = 0;
    bool zero_window = false;  ///< the peer's window is closed (or too small) for what is in the send queue
};

/// All IPv4 TCP sockets of the calling thread's network namespace; IPv4-mapped ones of IPv6 sockets included.
Result<std::vector<TcpSocket>> tcp_sockets();

}  // namespace squall::kernel
