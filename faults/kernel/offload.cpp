#include "faults/kernel/offload.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace squall::kernel {
namespace {

/// Called inside the namespace. `value` goes in for ETHTOOL_STSO and comes out of ETHTOOL_GTSO.
Status ask(std::uint32_t command, std::uint32_t& value) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return system_failure("opening a socket for ethtool", errno);
    ethtool_value request{command, value};
    ifreq named{};
    std::strncpy(named.ifr_name, "eth0", sizeof named.ifr_name - 1);
    named.ifr_data = reinterpret_cast<char*>(&request);
    const int done = ioctl(socket, SIOCETHTOOL, &named);
    const int number = errno;
    close(socket);
    if (done != 0) return system_failure("changing eth0's segmentation offload (ethtool)", number);
    value = request.data;
    return {};
}

Status switch_offload(const Namespace& end, std::uint32_t on) {
    return end.run([&]() -> Status {
        std::uint32_t wanted = on;
        return ask(ETHTOOL_STSO, wanted);
    });
}

}  // namespace

Result<std::shared_ptr<OffloadPause>> OffloadPause::begin(const std::vector<Namespace>& ends) {
    const std::shared_ptr<OffloadPause> pause(new OffloadPause);
    for (const Namespace& end : ends) {
        std::uint32_t on = 0;
        if (auto read = end.run([&] { return ask(ETHTOOL_GTSO, on); }); !read) return read.error();
        if (on == 0) continue;
        auto handle = end.duplicate();
        if (!handle) return handle.error();
        if (auto off = switch_offload(end, 0); !off) return off.error();
        pause->changed_.push_back(std::move(*handle));
    }
    return pause;
}

OffloadPause::~OffloadPause() {
    for (const Namespace& end : changed_) {
        if (const auto on = switch_offload(end, 1); !on) {
            std::fprintf(stderr, "squall: %s\n", on.error().message.c_str());
        }
    }
}

}  // namespace squall::kernel
