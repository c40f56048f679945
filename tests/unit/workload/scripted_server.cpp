#include "scripted_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "suites/workload/websocket_stream.hpp"

namespace squall::workload::test {

Peer::~Peer() {
    if (fd_ >= 0) ::close(fd_);
}

std::string Peer::read_some(std::size_t size_max) {
    if (!rest_.empty()) {
        std::string part = rest_.substr(0, size_max);
        rest_.erase(0, part.size());
        return part;
    }
    std::string bytes(size_max, '\0');
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

std::string Peer::read_head() {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        const std::string part = read_some();
        if (part.empty()) return head;
        head += part;
    }
    const std::size_t end = head.find("\r\n\r\n") + 4;
    rest_ = head.substr(end);
    head.resize(end);
    return head;
}

bool Peer::read_to_end() {
    char buffer[65'536];
    while (true) {
        const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
        if (got <= 0) return got == 0;
    }
}

bool Peer::read_reset() {
    char buffer[65'536];
    while (true) {
        const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
        if (got <= 0) return got < 0 && errno == ECONNRESET;
    }
}

bool Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Peer::wait_until_taken() {
    for (int i = 0; i < 1'000; ++i) {
        int left = 0;
        if (::ioctl(fd_, SIOCOUTQ, &left) == 0 && left == 0) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

std::size_t Peer::send_until_full() {
    const std::string piece(4'096, ':');
    std::size_t total = 0;
    while (true) {
        const ssize_t sent = ::send(fd_, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0) return total;
        total += static_cast<std::size_t>(sent);
    }
}

void Peer::reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(fd_);
    fd_ = -1;
}

void Peer::finish_writing() {
    ::shutdown(fd_, SHUT_WR);
}

void Peer::receive_exactly(std::string& into, std::size_t size) {
    while (into.size() < size) {
        const std::string part = read_some(size - into.size());
        if (part.empty()) return;
        into += part;
    }
}

void Peer::open_sse(bool chunked) {
    chunked_ = chunked;
    send(std::string("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n") +
         (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n"));
}

void Peer::open_websocket(const std::string& head) {
    send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         websocket_accept(header(head, "Sec-WebSocket-Key")) + "\r\n\r\n");
}

void Peer::event(std::string_view text) {
    if (!chunked_) {
        send(text);
        return;
    }
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    send(std::string(size).append(text).append("\r\n"));
}

void Peer::frame(unsigned first_byte, std::string_view payload) {
    std::string out(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
        out += static_cast<char>(payload.size());
    } else {
        out += static_cast<char>(126);
        out += static_cast<char>(payload.size() >> 8);
        out += static_cast<char>(payload.size() & 0xFF);
    }
    send(out.append(payload));
}

std::pair<int, std::string> Peer::read_frame() {
    std::string head, payload;
    receive_exactly(head, 2);
    if (head.size() < 2 || (head[1] & 0x80) == 0) return {-1, "not a masked frame"};
    std::size_t length = head[1] & 0x7F;
    if (length > 125) {
        receive_exactly(head, length == 126 ? 4 : 10);
        length = 0;
        for (std::size_t i = 2; i < head.size(); ++i)
            length = length << 8 | static_cast<unsigned char>(head[i]);
    }
    std::string mask;
    receive_exactly(mask, 4);
    receive_exactly(payload, length);
    if (mask.size() < 4 || payload.size() < length) return {-1, "cut"};
    for (std::size_t i = 0; i < length; ++i)
        payload[i] = static_cast<char>(payload[i] ^ mask[i & 3]);
    return {head[0] & 0x0F, payload};
}

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("listen on loopback");
    }
    endpoint_ = {INADDR_LOOPBACK, ntohs(address.sin_port)};
    thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (std::thread& peer : peers_)
        peer.join();
}

void ScriptedServer::serve() {
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        const timeval patience{5, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        const int number = accepted_++;
        peers_.emplace_back([this, fd, number] {
            Peer peer(fd, number);
            const std::string head = peer.read_head();
            {
                const std::lock_guard lock(mutex_);
                heads_.push_back(head);
            }
            if (!head.empty()) script_(peer, head);
        });
    }
}

std::vector<std::string> ScriptedServer::heads() const {
    const std::lock_guard lock(mutex_);
    return heads_;
}

std::string header(const std::string& head, std::string_view name) {
    const std::size_t at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const std::size_t start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
}

}  // namespace squall::workload::test
