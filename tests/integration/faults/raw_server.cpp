#include "raw_server.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <vector>

#include "faults/core/socket_address.hpp"

namespace squall::test {

RawServer::RawServer(const kernel::Namespace& where, Endpoint listen) {
    const Status ready = where.run([&]() -> Status {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const sockaddr_in address = socket_address(listen);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_, 4096) != 0) {
            return system_failure("listening", errno);
        }
        return {};
    });
    if (!ready) throw std::runtime_error(ready.error().message);
    thread_ = std::thread([this] { run(); });
}

RawServer::~RawServer() {
    stop_ = true;
    thread_.join();
    for (const auto& [socket, unsent] : connections_) {
        const linger reset{1, 0};
        if (end_by_reset_) setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(socket);
    }
    close(listener_);
}

void RawServer::run() {
    while (!stop_) {
        std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
        for (const auto& [socket, unsent] : connections_)
            waiting.push_back({fin_seen_.contains(socket) ? -1 : socket, POLLIN, 0});
        poll(waiting.data(), waiting.size(), 5);
        accept_all();
        send_to_all();
        std::vector<int> ended;
        for (auto& [socket, unsent] : connections_) {
            if (!serve(socket, unsent)) ended.push_back(socket);
        }
        for (const int socket : ended) {
            close(socket);
            connections_.erase(socket);
            fin_seen_.erase(socket);
        }
        open_ = connections_.size();
    }
}

void RawServer::accept_all() {
    for (int socket; (socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        connections_.emplace(socket, "");
    }
}

void RawServer::send_to_all() {
    const std::lock_guard lock(mutex_);
    if (to_all_.empty()) return;
    for (auto& [socket, unsent] : connections_)
        unsent += to_all_;
    to_all_.clear();
}

bool RawServer::flush(int socket, std::string& unsent) {
    if (unsent.empty()) return true;
    const ssize_t sent = send(socket, unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        ++resets_;
        return false;
    }
    if (sent > 0) unsent.erase(0, static_cast<std::size_t>(sent));
    return true;
}

bool RawServer::serve(int socket, std::string& unsent) {
    if (!flush(socket, unsent)) return false;
    char buffer[65536];
    const ssize_t got = unsent.empty() ? recv(socket, buffer, sizeof buffer, 0) : -1;
    if (got == 0 && fin_seen_.insert(socket).second) ++fins_;
    if (got == 0 && !stay_) return false;
    if (got < 0 && unsent.empty() && errno != EAGAIN) {
        ++resets_;
        return false;
    }
    if (got > 0) {
        received_ += static_cast<std::size_t>(got);
        if (echo_) unsent.append(buffer, static_cast<std::size_t>(got));
    }
    if (const std::size_t bytes = push_bytes_; bytes > 0 && unsent.empty()) {
        // What the kernel does not take is dropped: a push server with a queue of nothing.
        const std::string message(bytes, 'm');
        if (send(socket, message.data(), bytes, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
            ++resets_;
            return false;
        }
    }
    return flush(socket, unsent);
}

}  // namespace squall::test
