#include "server.hpp"

#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>

#include "wire.hpp"

namespace truth {
namespace {

/// Waking up takes some tens of microseconds: the loop is woken so much earlier, and looks at the clock until it is
/// time.
constexpr Nanos spin = 80'000;
constexpr Nanos reading_interval = 50'000'000;

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "truth-target: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

Nanos clock_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

/// A kernel timestamp on CLOCK_MONOTONIC. The clocks are read three times: of several tries the one counts that was
/// the least interrupted.
Nanos to_monotonic(Nanos realtime) {
    Nanos best = std::numeric_limits<Nanos>::max(), offset = 0;
    for (int i = 0; i < 3; ++i) {
        const Nanos before = now();
        const Nanos real = clock_of(CLOCK_REALTIME);
        const Nanos after = now();
        if (after - before >= best) continue;
        best = after - before;
        offset = before + (after - before) / 2 - real;
    }
    return realtime + offset;
}

struct Received {
    ssize_t bytes = 0;
    Nanos arrived = 0;
};

Received receive(int fd, char* buffer, std::size_t size) {
    iovec part{buffer, size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(3 * sizeof(timespec))> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    Received received;
    received.bytes = ::recvmsg(fd, &message, 0);
    received.arrived = now();  // should the kernel have no timestamp
    if (received.bytes <= 0) return received;
    for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPING) continue;
        timespec stamp{};
        std::memcpy(&stamp, CMSG_DATA(item), sizeof stamp);
        if (stamp.tv_sec > 0) received.arrived = to_monotonic(stamp.tv_sec * 1'000'000'000LL + stamp.tv_nsec);
    }
    return received;
}

}  // namespace

Server::~Server() {
    for (const auto& [fd, connection] : connections_)
        ::close(fd);
    for (const int fd : {listener_, epoll_}) {
        if (fd >= 0) ::close(fd);
    }
    if (allocated_ != nullptr) ::munmap(allocated_, plan_.allocate_bytes);
}

bool Server::listen() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(plan_.port);
    const int on = 1;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (inet_pton(AF_INET, plan_.address.c_str(), &address.sin_addr) != 1 || listener_ < 0 || epoll_ < 0 ||
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1024) != 0) {
        std::fprintf(stderr, "truth-target: listen on %s:%u: %s\n", plan_.address.c_str(), plan_.port,
                     std::strerror(errno));
        return false;
    }
    epoll_event event{EPOLLIN, {.fd = listener_}};
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) == 0;
}

void Server::run(int signals) {
    epoll_event stop{EPOLLIN, {.fd = signals}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, signals, &stop) != 0) die("watch for SIGTERM");
    std::array<epoll_event, 64> events;
    for (;;) {
        const Nanos wait = std::clamp<Nanos>(next_instant() - spin - now(), 0, reading_interval);
        const timespec timeout{0, wait};
        const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        if (count < 0 && errno != EINTR) die("wait for events");
        send_due();
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == signals) return;
            if (fd == listener_) {
                accept_all();
            } else if (const auto found = connections_.find(fd); found != connections_.end()) {
                read(found->second);
            }
            send_due();
        }
        housekeeping();
    }
}

Nanos Server::next_instant() const {
    Nanos next = std::numeric_limits<Nanos>::max();
    if (!pending_.empty()) next = pending_.top().due;
    if (next_freeze_ != 0) next = std::min(next, next_freeze_);
    return next;
}

void Server::accept_all() {
    for (;;) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        const int on = 1, stamps = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
        epoll_event event{EPOLLIN, {.fd = fd}};
        if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
            ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0 ||
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
            die("take a connection");
        }
        connections_[fd].fd = fd;
    }
}

void Server::close(int fd) {
    ::close(fd);
    connections_.erase(fd);
}

void Server::read(Connection& connection) {
    std::array<char, 65'536> buffer;
    const Received received = receive(connection.fd, buffer.data(), buffer.size());
    if (received.bytes < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received.bytes <= 0) return close(connection.fd);
    connection.input.append(buffer.data(), static_cast<std::size_t>(received.bytes));
    if (connection.kind == Kind::request) answer(connection, received.arrived);
    if (connection.kind == Kind::websocket || connection.kind == Kind::publisher) {
        take_frames(connection, received.arrived);
    }
}

void Server::answer(Connection& connection, Nanos arrived) {
    while (connection.kind == Kind::request) {
        const auto request = take_request(connection.input);
        if (!request) return;
        if (request->method == "POST") {
            send_now(connection.fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
            message(request->body, arrived);
        } else if (!request->websocket_key.empty()) {
            const bool publishes = request->target.find("publish=only") != request->target.npos;
            connection.kind = publishes ? Kind::publisher : Kind::websocket;
            if (!publishes) connection.subscriber = subscribers_++;
            send_now(connection.fd, handshake_answer(request->websocket_key));
        } else if (request->target.starts_with("/events")) {
            connection.kind = Kind::sse;
            connection.subscriber = subscribers_++;
            send_now(connection.fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
        } else {
            send_now(connection.fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
        }
    }
}

void Server::take_frames(Connection& connection, Nanos arrived) {
    unsigned opcode = 0;
    while (const auto payload = take_frame(connection.input, opcode)) {
        if (opcode == 1) message(*payload, arrived);
        if (opcode == 8) {
            send_now(connection.fd, frame(8, *payload));
            return close(connection.fd);
        }
    }
}

void Server::message(std::string_view payload, Nanos arrived) {
    const auto marked = find_marker(payload);
    if (!marked) return;
    if (first_message_ == 0) {
        first_message_ = arrived;
        if (plan_.freezes > 0) next_freeze_ = arrived + plan_.freeze_period - plan_.freeze_length;
    }
    for (const auto& [fd, connection] : connections_) {
        const bool sse = connection.kind == Kind::sse;
        if (!sse && connection.kind != Kind::websocket) continue;
        Pending pending;
        pending.due = arrived + plan_.delays.of(marked->sequence, connection.subscriber);
        pending.fd = fd;
        pending.subscriber = connection.subscriber;
        pending.delivery = {sse ? "sse" : "websocket", marked->sequence, marked->scheduled, arrived, pending.due};
        pending.bytes = sse ? "data: " + std::string(payload) + "\n\n" : frame(1, payload);
        pending_.push(std::move(pending));
    }
}

/// What is due to the same connection goes out in one write, as from any server that catches up.
void Server::send_due() {
    while (next_freeze_ == 0 || now() < next_freeze_) {
        if (pending_.empty() || pending_.top().due - spin > now()) return;
        while (now() < pending_.top().due) {
        }
        std::map<int, std::pair<std::string, std::vector<Delivery>>> due;
        for (const Nanos until = now(); !pending_.empty() && pending_.top().due <= until; pending_.pop()) {
            const Pending& top = pending_.top();
            const auto found = connections_.find(top.fd);
            if (found == connections_.end() || found->second.subscriber != top.subscriber) continue;
            due[top.fd].first += top.bytes;
            due[top.fd].second.push_back(top.delivery);
        }
        for (auto& [fd, batch] : due) {
            const Nanos before = now();
            send_now(fd, batch.first);
            const Nanos after = now();
            for (Delivery& delivery : batch.second) {
                delivery.sent = before;
                delivery.sent_after = after;
                record_.deliveries.push_back(delivery);
            }
        }
    }
}

void Server::send_now(int fd, std::string_view bytes) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // A reader that does not keep up would make the truth another one; a reader that has gone is none any more.
    if (sent >= 0 && static_cast<std::size_t>(sent) < bytes.size()) {
        errno = EAGAIN;
        die("send all of a message at once");
    }
    if (sent < 0 && errno != EPIPE && errno != ECONNRESET) die("send a message");
}

void Server::housekeeping() {
    const Nanos at = now();
    if (next_freeze_ != 0 && at >= next_freeze_) {
        const Nanos end = next_freeze_ + plan_.freeze_length;
        const timespec until{end / 1'000'000'000, end % 1'000'000'000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
        }
        record_.freezes.push_back({at, now()});
        next_freeze_ = record_.freezes.size() < plan_.freezes ? next_freeze_ + plan_.freeze_period : 0;
    }
    if (at >= next_reading_) {
        record_.used.push_back({at, clock_of(CLOCK_PROCESS_CPUTIME_ID)});
        next_reading_ = at + reading_interval;
    }
    const bool due = first_message_ != 0 && at >= first_message_ + plan_.allocate_after;
    if (plan_.allocate_bytes > 0 && allocated_ == nullptr && due) {
        void* memory =
            ::mmap(nullptr, plan_.allocate_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) die("allocate");
        std::memset(memory, 1, plan_.allocate_bytes);
        allocated_ = memory;
        record_.allocated_at = now();
        record_.allocated_bytes = plan_.allocate_bytes;
    }
}

}  // namespace truth
