#include "faults/proxy/listener.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "faults/proxy/acceptor.hpp"

namespace squall::proxy {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr Nanos pause_without_descriptors = 50'000'000;

/// Two lines a protocol: the names, then the values. Of the calling thread's namespace.
Result<std::uint64_t> listen_overflows() {
    std::ifstream file("/proc/thread-self/net/netstat");
    for (std::string names, values; std::getline(file, names) && std::getline(file, values);) {
        std::istringstream name_of(names), value_of(values);
        std::string name, value;
        while (name_of >> name && value_of >> value) {
            if (name == "ListenOverflows") return std::stoull(value);
        }
    }
    return Error{"proxy: /proc/thread-self/net/netstat has no ListenOverflows"};
}

}  // namespace

Result<Endpoint> Listener::listen(const Endpoint& endpoint) {
    return listen_on(acceptor_, endpoint, "proxy");
}

void Listener::accept() {
    acceptor_.async_accept([this](error_code failure, tcp::socket socket) {
        if (failure == asio::error::operation_aborted) return;
        if (failure == asio::error::connection_aborted) return accept();  // gone before we came to it
        if (failure) {
            // The connection stays in the backlog; to try at once again would spin until a descriptor is free.
            failed_(system_failure("proxy: accepting a connection", failure.value(),
                                   "raise the limit on open files (ulimit -n): a proxied connection needs two"));
            return accept_later(pause_without_descriptors);
        }
        if (slow_) count(socket);
        accepted_(std::move(socket));
        if (slow_) return accept_later(slow_->interval);
        accept();
    });
}

void Listener::accept_later(Nanos pause) {
    timer_.expires_after(std::chrono::nanoseconds(pause));
    timer_.async_wait([this](error_code cancelled) {
        if (cancelled) return;
        pollfd queue{acceptor_.native_handle(), POLLIN, 0};
        somebody_waits_ = poll(&queue, 1, 0) > 0;
        accept();
    });
}

void Listener::close() {
    error_code closed_already;
    acceptor_.close(closed_already);
    timer_.cancel();
}

void Listener::count(tcp::socket& socket) {
    ++count_.accepted;
    if (!std::exchange(somebody_waits_, false)) return;
    ++count_.waited;
    tcp_info info{};
    socklen_t length = sizeof info;
    if (getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return;
    // Since the handshake, or since the request that came right behind it (Linux, tcp_create_openreq_child: lrcvtime).
    count_.wait_max = std::max(count_.wait_max, Nanos{info.tcpi_last_data_recv} * 1'000'000);
}

Status Listener::set_slow(std::optional<SlowAccept> slow) {
    const auto overflows = listen_overflows();
    if (!overflows) return overflows.error();
    // Of a socket that listens already, listen() changes the length of its queue and nothing else.
    if (::listen(acceptor_.native_handle(), slow && slow->backlog ? *slow->backlog : backlog) != 0) {
        return system_failure("proxy: changing the length of its listener's queue", errno);
    }
    if (slow) {
        count_ = {};
        overflows_before_ = *overflows;
        somebody_waits_ = false;
    } else {
        count_.overflows = *overflows - overflows_before_;
    }
    slow_ = slow;
    if (timer_.cancel() > 0) accept();  // it was in a pause
    return {};
}

Result<SlowAccepts> Listener::slow_accepts() {
    SlowAccepts counted = count_;
    if (slow_) {
        const auto overflows = listen_overflows();
        if (!overflows) return overflows.error();
        counted.overflows = *overflows - overflows_before_;
        tcp_info info{};  // of a listener: how many are in its queue (Linux, tcp_get_info)
        socklen_t length = sizeof info;
        if (getsockopt(acceptor_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0)
            counted.waiting = info.tcpi_unacked;
    }
    return counted;
}

}  // namespace squall::proxy
