#include "faults/kernel/tcp_facts.hpp"

#include <linux/tcp.h>

#include <algorithm>
#include <cstring>

namespace squall::kernel {

TcpFacts tcp_facts(const void* source, std::size_t bytes) {
    tcp_info info{};  // an older kernel sends less of it, a newer one more
    std::memcpy(&info, source, std::min(sizeof info, bytes));
    TcpFacts facts;
    facts.total_retransmits = info.tcpi_total_retrans;
    if (bytes >= offsetof(tcp_info, tcpi_snd_wnd) + sizeof info.tcpi_snd_wnd) facts.send_window = info.tcpi_snd_wnd;
    return facts;
}

}  // namespace squall::kernel
