// The server's life: start, the tick, drain, stop.
#include "reference-server/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <system_error>

#include "reference-server/src/admission.hpp"
#include "reference-server/src/http_connection.hpp"
#include "reference-server/src/hub.hpp"
#include "reference-server/src/listener.hpp"
#include "reference-server/src/session.hpp"

namespace squall::reference {

namespace asio = boost::asio;

// Shared with the handlers under way, which find it stopped when they come after its end.
struct Server::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& io_, Config settings)
        : io(io_),
          config(std::move(settings)),
          hub(config, [this] { request_turn_end(); }),
          listener(
              io, config, [this](Socket socket, const PeerAddress& peer) { accept(std::move(socket), peer); },
              [this](int error) { accept_paused(error); }),
          timer(io) {}

    void request_turn_end();
    void accept(Socket socket, const PeerAddress& peer);
    void accept_paused(int error);
    void schedule_tick();
    void on_tick();
    void begin_drain();
    void go_on_draining(Clock::time_point now);
    void stop();

    asio::io_context& io;
    const Config config;
    Hub hub;
    Listener listener;
    asio::steady_timer timer;
    std::function<void()> on_stopped;
    Clock::time_point drain_hurry_at = never;  // no more waiting for queues
    Clock::time_point drain_over_at = never;
    bool running = false;
};

void Server::Impl::request_turn_end() {
    asio::post(io, [self = shared_from_this()] {
        self->hub.end_of_turn();
        if (self->running && self->hub.draining && self->hub.sessions.size() == 0) self->stop();
    });
}

void Server::Impl::accept(Socket socket, const PeerAddress& peer) {
    if (!admit_socket(hub)) {
        count_handshake_failure(hub.metrics, Refusal::over_capacity);
        socket.reset();
        return;
    }
    hub.http_connections.add(std::make_unique<HttpConnection>(hub, std::move(socket), peer)).start();
}

void Server::Impl::accept_paused(int error) {
    ++hub.metrics.accept_errors;
    if (!hub.accept_paused) {
        const std::string what = std::system_category().message(error);
        hub.log.write("accept_paused", {{"error", std::string_view(what)}});
        hub.touch();
    }
    hub.accept_paused = true;
}

void Server::Impl::schedule_tick() {
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error && self->running) self->on_tick();
    });
}

void Server::Impl::on_tick() {
    const Clock::time_point now = Clock::now();
    const Clock::duration lag = now - timer.expiry();
    listener.resume();
    hub.accept_paused = listener.paused();
    hub.tick(now, lag);
    if (hub.draining) go_on_draining(now);
    if (!running) return;
    timer.expires_at(std::max(timer.expiry() + DeadlineWheel::tick, now));
    schedule_tick();
}

// The listening socket stays open while draining: probes and clients are told 503 rather than nothing.
void Server::Impl::begin_drain() {
    const Clock::time_point now = Clock::now();
    hub.draining = true;
    drain_over_at = now + config.drain_deadline;
    drain_hurry_at = drain_over_at - std::min(config.drain_deadline / 2, config.close_deadline + DeadlineWheel::tick);
    hub.log.write("drain", {{"connections", hub.sessions.size()}});
    for (Session* session : hub.sessions.snapshot())
        session->drain();
    hub.touch();
}

void Server::Impl::go_on_draining(Clock::time_point now) {
    if (now >= drain_over_at) {
        stop();
    } else if (now >= drain_hurry_at) {
        for (Session* session : hub.sessions.snapshot())
            session->end(Reason::drain);
    }
}

void Server::Impl::stop() {
    if (!running) return;
    running = false;
    listener.close();
    timer.cancel();
    for (Session* session : hub.sessions.snapshot())
        session->abort(Reason::drain);
    for (HttpConnection* connection : hub.http_connections.snapshot())
        connection->abort();
    hub.log.write("stopped", {});
    hub.log.flush_and_wait(200);
    hub.touch();
    if (on_stopped) std::exchange(on_stopped, nullptr)();
}

Server::Server(asio::io_context& io, Config config) : impl_(std::make_shared<Impl>(io, std::move(config))) {}

Server::~Server() {
    stop();
}

std::string Server::start() {
    if (std::string problem = impl_->listener.open(); !problem.empty()) return problem;
    impl_->running = true;
    impl_->timer.expires_after(DeadlineWheel::tick);
    impl_->schedule_tick();
    const std::string listening = address();
    impl_->hub.log.write("listening", {{"address", std::string_view(listening)}});
    impl_->hub.log.flush();
    return {};
}

std::string Server::address() const {
    const auto endpoint = impl_->listener.endpoint();
    if (endpoint.port() == 0) return {};
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

std::uint16_t Server::port() const {
    return impl_->listener.endpoint().port();
}

void Server::drain(std::function<void()> stopped) {
    if (!impl_->running || impl_->hub.draining) return;
    impl_->on_stopped = std::move(stopped);
    impl_->begin_drain();
}

void Server::stop() {
    impl_->stop();
}

}  // namespace squall::reference
