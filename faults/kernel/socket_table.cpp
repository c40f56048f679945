#include "faults/kernel/socket_table.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "faults/kernel/tcp_facts.hpp"

namespace squall::kernel {
namespace {

struct FreeSocket {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
};

// idiag_timer, sock_diag(7)
constexpr std::uint8_t retransmit_timer = 1;
constexpr std::uint8_t window_probe_timer = 4;
constexpr std::size_t receive_buffer_bytes = 256 * 1024;

/// IPv4 address in host order; of an IPv6 socket only if it is an IPv4-mapped one.
bool ipv4(const std::uint8_t family, const __be32 (&address)[4], std::uint32_t& out) {
    if (family == AF_INET) {
        out = ntohl(address[0]);
        return true;
    }
    const bool mapped = address[0] == 0 && address[1] == 0 && address[2] == htonl(0xffff);
    const bool any = address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == 0;
    out = ntohl(address[3]);
    return mapped || any;
}

int on_message(nl_msg* message, void* argument) {
    auto& sockets = *static_cast<std::vector<TcpSocket>*>(argument);
    nlmsghdr* header = nlmsg_hdr(message);
    if (!nlmsg_valid_hdr(header, sizeof(inet_diag_msg))) return NL_SKIP;
    const auto* entry = static_cast<const inet_diag_msg*>(nlmsg_data(header));

    TcpSocket socket;
    if (!ipv4(entry->idiag_family, entry->id.idiag_src, socket.local.address) ||
        !ipv4(entry->idiag_family, entry->id.idiag_dst, socket.remote.address)) {
        return NL_OK;
    }
    socket.local.port = ntohs(entry->id.idiag_sport);
    socket.remote.port = ntohs(entry->id.idiag_dport);
    // 12 is TCP_NEW_SYN_RECV, a request that the listener holds: the same state to everybody outside the kernel.
    socket.state = entry->idiag_state == 12 ? TcpState::syn_recv : static_cast<TcpState>(entry->idiag_state);
    socket.receive_queue = entry->idiag_rqueue;
    socket.send_queue = entry->idiag_wqueue;
    // For other timers the field counts keepalive or window probes.
    if (entry->idiag_timer == retransmit_timer) socket.retransmits = entry->idiag_retrans;

    std::array<nlattr*, INET_DIAG_MAX + 1> attributes{};
    if (nlmsg_parse(header, sizeof(inet_diag_msg), attributes.data(), INET_DIAG_MAX, nullptr) < 0) return NL_SKIP;
    if (const nlattr* memory = attributes[INET_DIAG_MEMINFO];
        memory != nullptr && nla_len(memory) >= static_cast<int>(sizeof(inet_diag_meminfo))) {
        const auto* info = static_cast<const inet_diag_meminfo*>(nla_data(memory));
        socket.memory = info->idiag_rmem + info->idiag_wmem + info->idiag_fmem;
    }
    // The probe timer runs against a window that is closed or too small. A peer that shrinks its window below what is
    // in flight leaves the retransmission timer running instead; then only the window itself tells.
    const bool queued = socket.state != TcpState::listen && socket.send_queue > 0;  // of a listener: its backlog
    socket.zero_window = queued && entry->idiag_timer == window_probe_timer;
    if (const nlattr* tcp = attributes[INET_DIAG_INFO]) {
        const TcpFacts facts = tcp_facts(nla_data(tcp), static_cast<std::size_t>(nla_len(tcp)));
        socket.total_retransmits = facts.total_retransmits;
        socket.zero_window = socket.zero_window || (queued && facts.send_window == 0U);
    }
    sockets.push_back(socket);
    return NL_OK;
}

Status dump(nl_sock* connection, std::uint8_t family, std::vector<TcpSocket>& sockets) {
    inet_diag_req_v2 request{};
    request.sdiag_family = family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_ext = (1U << (INET_DIAG_MEMINFO - 1)) | (1U << (INET_DIAG_INFO - 1));
    request.idiag_states = ~0U;
    int code = nl_send_simple(connection, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof request);
    if (code >= 0) {
        if (const int bad = nl_socket_modify_cb(connection, NL_CB_VALID, NL_CB_CUSTOM, on_message, &sockets); bad < 0) {
            code = bad;
        } else {
            code = nl_recvmsgs_default(connection);
        }
    }
    if (code < 0) return Error{std::string("reading the kernel's TCP socket table: ") + nl_geterror(code)};
    return {};
}

}  // namespace

const char* to_string(TcpState state) {
    constexpr std::array names{"UNKNOWN",   "ESTABLISHED", "SYN-SENT",   "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2",
                               "TIME-WAIT", "CLOSE",       "CLOSE-WAIT", "LAST-ACK", "LISTEN",     "CLOSING"};
    const auto index = static_cast<std::size_t>(state);
    return index < names.size() ? names[index] : names[0];
}

Result<std::vector<TcpSocket>> tcp_sockets() {
    const std::unique_ptr<nl_sock, FreeSocket> connection(nl_socket_alloc());
    if (!connection) return Error{"no memory for a netlink socket"};
    if (const int code = nl_connect(connection.get(), NETLINK_SOCK_DIAG); code < 0) {
        return Error{std::string("connecting to the kernel's socket diagnostics: ") + nl_geterror(code) +
                     "; is inet_diag there (modprobe tcp_diag)?"};
    }
    nl_socket_set_msg_buf_size(connection.get(), receive_buffer_bytes);
    // Dumps carry no acknowledgement; sequence numbers are checked per dump by libnl.
    std::vector<TcpSocket> sockets;
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        if (auto dumped = dump(connection.get(), family, sockets); !dumped) return dumped.error();
    }
    return sockets;
}

}  // namespace squall::kernel
