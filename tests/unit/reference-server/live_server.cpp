#include "live_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>

#include "reference-server/src/reasons.hpp"

namespace squall::reference::test {
namespace {

Config on_loopback(Config config) {
    config.listen = "127.0.0.1:0";
    config.log = LogFormat::none;
    return config;
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

LiveServer::LiveServer(Config config) : server_(io_, on_loopback(std::move(config))) {
    EXPECT_EQ(server_.start(), "");
    port_ = server_.port();
    thread_ = std::thread([this] { io_.run(); });
}

LiveServer::~LiveServer() {
    boost::asio::post(io_, [this] { server_.stop(); });
    thread_.join();
}

std::string LiveServer::request(const std::string& method, const std::string& target, const std::string& body) const {
    Client client(port_);
    client.send(fmt::format("{} {} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", method,
                            target, body.size(), body));
    EXPECT_TRUE(client.read_to_end());
    return client.received();
}

std::string LiveServer::publish(const std::string& topic, const std::string& body) const {
    return request("POST", "/publish?topic=" + topic, body);
}

int LiveServer::publish_status(const std::string& topic, const std::string& body) const {
    return std::stoi(publish(topic, body).substr(9, 3));
}

double LiveServer::metric(const std::string& sample) const {
    const std::string page = request("GET", "/metrics");
    const auto at = page.find("\n" + sample + " ");
    return at == std::string::npos ? -1 : std::stod(page.substr(at + sample.size() + 2));
}

bool LiveServer::eventually_metric(const std::string& sample, double value) const {
    return eventually([&] { return metric(sample) == value; });
}

void LiveServer::expect_balanced_books() const {
    const std::string page = request("GET", "/metrics");
    const auto sample = [&](const std::string& name) {
        const auto at = page.find("\n" + name + " ");
        EXPECT_NE(at, std::string::npos) << name;
        return at == std::string::npos ? -1.0 : std::stod(page.substr(at + name.size() + 2));
    };
    double accounted = sample("push_queued_messages");
    double enqueued = 0;
    for (const Protocol protocol : all_protocols) {
        const std::string label = fmt::format("{{protocol=\"{}\"}}", name(protocol));
        double ended = 0;
        for (const Reason reason : all_reasons)
            ended += sample(
                fmt::format("push_disconnects_total{{protocol=\"{}\",reason=\"{}\"}}", name(protocol), name(reason)));
        EXPECT_EQ(sample("push_connections_accepted_total" + label), sample("push_connections" + label) + ended);
        enqueued += sample("push_messages_enqueued_total" + label);
        for (const char* way : {"delivered", "dropped", "undelivered"})
            accounted += sample(fmt::format("push_messages_{}_total{}", way, label));
    }
    EXPECT_EQ(enqueued, accounted);
}

void LiveServer::drain() {
    boost::asio::post(io_, [this] { server_.drain([this] { stopped_ = true; }); });
}

bool LiveServer::wait_stopped() {
    return eventually([&] { return stopped_.load(); });
}

Client::Client(std::uint16_t port, int receive_buffer) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer != 0) ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{patience.count(), 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

Client::~Client() {
    close();
}

std::string Client::sse_request(const std::string& topic, const std::string& headers) {
    return "GET /events?topic=" + topic + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n";
}

std::string Client::ws_request(const std::string& topic, const std::string& query) {
    return "GET /ws?topic=" + topic + query +
           " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

void Client::send(std::string_view bytes) {
    ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

bool Client::read_some() {
    std::array<char, 16'384> buffer;
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) fin_ = true;
    return count > 0;
}

bool Client::read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos) {
        if (!read_some()) return false;
    }
    return true;
}

bool Client::read_to_end() {
    while (read_some()) {
    }
    return fin_;
}

void Client::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

void Client::reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void Client::send_frame(unsigned first_byte, std::string_view payload) {
    // A mask of zeroes leaves the payload readable, and short payloads are enough here.
    std::string wire = {static_cast<char>(first_byte), static_cast<char>(0x80U | payload.size()), 0, 0, 0, 0};
    wire += payload;
    send(wire);
}

std::optional<Client::Frame> Client::read_frame() {
    const auto need = [&](std::size_t bytes) {
        while (received_.size() < bytes) {
            if (!read_some()) return false;
        }
        return true;
    };
    if (!need(2)) return std::nullopt;
    std::size_t head = 2;
    std::size_t size = static_cast<unsigned char>(received_[1]);
    if (size >= 126) {
        const std::size_t length_bytes = size == 126 ? 2 : 8;
        head += length_bytes;
        if (!need(head)) return std::nullopt;
        size = 0;
        for (std::size_t i = 2; i < head; ++i)
            size = size << 8U | static_cast<unsigned char>(received_[i]);
    }
    if (!need(head + size)) return std::nullopt;
    Frame frame{static_cast<unsigned char>(received_[0]), received_.substr(head, size)};
    received_.erase(0, head + size);
    return frame;
}

bool Client::open_ws(const std::string& topic, const std::string& query) {
    send(ws_request(topic, query));
    if (!read_until("\r\n\r\n") || received_.find("101 Switching") == std::string::npos) return false;
    received_.erase(0, received_.find("\r\n\r\n") + 4);
    return true;
}

}  // namespace squall::reference::test
