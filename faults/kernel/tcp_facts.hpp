// What the kernel's tcp_info says of a socket. In a file of its own, because <linux/tcp.h>, which alone knows the newer
// fields, and <netinet/tcp.h>, which libnl includes, cannot be used together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace squall::kernel {

struct TcpFacts {
    std::uint32_t total_retransmits = 0;
    std::optional<std::uint32_t> send_window;  ///< bytes the peer allows; none before Linux 5.4
};
TcpFacts tcp_facts(const void* tcp_info, std::size_t bytes);

}  // namespace squall::kernel
