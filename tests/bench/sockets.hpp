// Connected sockets on loopback for the benchmarks, and what it costs to drain them.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <vector>

#include "faults/core/units.hpp"

namespace squall::bench {

inline Nanos thread_cpu_time() {
    timespec used{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return used.tv_sec * nanos_per_second + used.tv_nsec;
}

inline Nanos own_cpu_time() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * nanos_per_second + used.tv_nsec;
}

class Listener {
public:
    Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = loopback(0);
        socklen_t length = sizeof address;
        const timeval patience{10, 0};  // a proxy that does not pass on is an error, not a hang
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (bind(socket_, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(socket_, 1024) == 0 &&
            getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length) == 0) {
            port_ = ntohs(address.sin_port);
        }
    }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener() { close(socket_); }

    std::uint16_t port() const { return port_; }  ///< 0: it does not listen
    int accept() const { return without_delay(accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC)); }

    /// -1: refused.
    static int dial(std::uint16_t port) {
        const sockaddr_in address = loopback(port);
        const int client = without_delay(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return client;
        close(client);
        return -1;
    }

private:
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    static int without_delay(int socket) {
        const int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return socket;
    }

    int socket_;
    std::uint16_t port_ = 0;
};

/// Connected pairs: straight to the listener, or through what listens on `front` and passes on to it.
class Pairs {
public:
    Pairs(const Listener& listener, std::uint16_t front, int count) {
        complete = true;
        for (int i = 0; complete && i < count; ++i) {
            readers.push_back(Listener::dial(front));
            if (readers.back() >= 0) senders.push_back(listener.accept());
            complete = readers.back() >= 0 && senders.back() >= 0;
        }
    }
    Pairs(const Pairs&) = delete;
    Pairs& operator=(const Pairs&) = delete;
    ~Pairs() {
        for (const auto* ends : {&senders, &readers}) {
            for (const int end : *ends)
                close(end);
        }
    }
    std::vector<int> senders, readers;
    bool complete = false;
};

/// Takes what comes from the sockets.
class Drain {
public:
    explicit Drain(const std::vector<int>& sockets) : poller_(epoll_create1(EPOLL_CLOEXEC)) {
        for (const int socket : sockets) {
            epoll_event event{EPOLLIN, {.fd = socket}};
            epoll_ctl(poller_, EPOLL_CTL_ADD, socket, &event);
        }
    }
    Drain(const Drain&) = delete;
    Drain& operator=(const Drain&) = delete;
    ~Drain() { close(poller_); }

    /// Until so many bytes have come; false: for ten seconds there were none.
    bool take(std::size_t total) {
        epoll_event events[256];
        char buffer[4096];
        char control[256];
        while (total > 0) {
            const int ready = epoll_wait(poller_, events, 256, 10'000);
            if (ready <= 0) return false;
            for (int i = 0; i < ready; ++i) {
                iovec piece{buffer, sizeof buffer};
                msghdr message{};
                message.msg_iov = &piece;
                message.msg_iovlen = 1;
                message.msg_control = control;
                message.msg_controllen = sizeof control;
                const auto n = recvmsg(events[i].data.fd, &message, MSG_DONTWAIT);
                if (n > 0) total -= static_cast<std::size_t>(n);
            }
        }
        return true;
    }

private:
    int poller_;
};

}  // namespace squall::bench
