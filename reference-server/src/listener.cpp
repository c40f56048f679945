#include "reference-server/src/listener.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>

#include "reference-server/src/socket_state.hpp"

namespace squall::reference {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Listener::State : std::enable_shared_from_this<State> {
    State(asio::io_context& io_, const Config& config_, Accepted accepted_, Paused paused_)
        : config(config_), acceptor(io_), accepted(std::move(accepted_)), on_pause(std::move(paused_)) {}

    void wait();
    void accept_some();
    bool accept_one();

    const Config& config;
    tcp::acceptor acceptor;
    Accepted accepted;
    Paused on_pause;
    bool paused = false;
};

namespace {

// A batch is bounded so that a storm of connections does not keep the loop from delivering.
constexpr int accepts_per_turn = 64;
constexpr int backlog = 4096;

// Options of every connection are set on the listening socket: Linux copies them to each accepted socket before its
// handshake completes, so the send buffer is bounded from the first byte, and no connection costs six system calls.
boost::system::error_code tune(int descriptor, const Config& config) {
    boost::system::error_code first_error;
    const auto option = [&](int level, int name, std::int64_t value) {
        const int number = static_cast<int>(value);
        if (::setsockopt(descriptor, level, name, &number, sizeof number) != 0 && !first_error)
            first_error.assign(errno, boost::system::system_category());
    };
    option(IPPROTO_TCP, TCP_NODELAY, 1);
    if (config.send_buffer != 0) option(SOL_SOCKET, SO_SNDBUF, static_cast<std::int64_t>(config.send_buffer));
    if (config.tcp_user_timeout.count() != 0) option(IPPROTO_TCP, TCP_USER_TIMEOUT, config.tcp_user_timeout.count());
    if (config.keepalive_idle.count() != 0) {
        option(SOL_SOCKET, SO_KEEPALIVE, 1);
        option(IPPROTO_TCP, TCP_KEEPIDLE, config.keepalive_idle.count() / 1000);
        option(IPPROTO_TCP, TCP_KEEPINTVL, config.keepalive_interval.count() / 1000);
        option(IPPROTO_TCP, TCP_KEEPCNT, static_cast<std::int64_t>(config.keepalive_count));
    }
    return first_error;
}

PeerAddress peer_address(const tcp::endpoint& endpoint) {
    PeerAddress peer;
    peer.port = endpoint.port();
    peer.v6 = endpoint.address().is_v6();
    if (peer.v6) {
        peer.ip = endpoint.address().to_v6().to_bytes();
    } else {
        const auto bytes = endpoint.address().to_v4().to_bytes();
        std::copy(bytes.begin(), bytes.end(), peer.ip.begin());
    }
    return peer;
}

bool out_of_resources(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

void Listener::State::wait() {
    acceptor.async_wait(tcp::acceptor::wait_read, [self = shared_from_this()](boost::system::error_code error) {
        if (!error && self->acceptor.is_open()) self->accept_some();
    });
}

void Listener::State::accept_some() {
    for (int i = 0; i < accepts_per_turn; ++i) {
        if (!accept_one()) break;
    }
    // Paused, nobody waits: a ready listener without descriptors would otherwise spin.
    if (!paused && acceptor.is_open()) wait();
}

bool Listener::State::accept_one() {
    tcp::endpoint peer;
    boost::system::error_code error;
    tcp::socket socket = acceptor.accept(peer, error);
    if (!error) {
        accepted(Socket(std::make_shared<SocketState>(std::move(socket))), peer_address(peer));
        return acceptor.is_open();
    }
    if (out_of_resources(error.value())) {
        paused = true;
        on_pause(error.value());
        return false;
    }
    // A connection that died in the queue is no reason to stop; accept(2) names the errors.
    return error.value() == ECONNABORTED || error.value() == EPROTO;
}

Listener::Listener(asio::io_context& io, const Config& config, Accepted accepted, Paused paused)
    : state_(std::make_shared<State>(io, config, std::move(accepted), std::move(paused))) {}

Listener::~Listener() {
    close();
}

std::string Listener::open() {
    const std::string& listen = state_->config.listen;
    const auto colon = listen.rfind(':');
    std::string host = listen.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return fmt::format("listen: '{}' is not an IP address", host);
    const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(std::stoul(listen.substr(colon + 1))));

    tcp::acceptor& acceptor = state_->acceptor;
    const char* step = "open";
    acceptor.open(endpoint.protocol(), error);
    if (!error) step = "reuse the address", acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) step = "set the socket options", error = tune(acceptor.native_handle(), state_->config);
    if (!error) step = "bind", acceptor.bind(endpoint, error);
    if (!error) step = "listen", acceptor.listen(backlog, error);
    if (!error) step = "stop blocking", acceptor.non_blocking(true, error);
    if (error) {
        close();
        return fmt::format("{}: cannot {}: {}", listen, step, error.message());
    }
    state_->wait();
    return {};
}

void Listener::close() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
}

tcp::endpoint Listener::endpoint() const {
    boost::system::error_code error;
    return state_->acceptor.local_endpoint(error);
}

bool Listener::paused() const {
    return state_->paused;
}

void Listener::resume() {
    if (!state_->paused || !state_->acceptor.is_open()) return;
    state_->paused = false;
    state_->accept_some();
}

}  // namespace squall::reference
