#include "faults/proxy/connection.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <utility>

#include "faults/core/clock.hpp"
#include "faults/core/socket_address.hpp"
#include "faults/proxy/connect.hpp"

namespace squall::proxy {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t held_max = 256 * 1024;       ///< by a toxic, in one direction of a connection
constexpr std::size_t bulk_bytes_min = 16 * 1024;  ///< below, two splices cost as much as a read and a write

Endpoint remote_end(const Connection::tcp::socket& socket) {
    error_code gone_already;
    const auto endpoint = socket.remote_endpoint(gone_already);
    if (gone_already) return {};
    return {endpoint.address().to_v4().to_uint(), endpoint.port()};
}

void close_with_reset(Connection::tcp::socket& socket) {
    error_code not_open_any_more;
    socket.set_option(asio::socket_base::linger(true, 0), not_open_any_more);
    socket.close(not_open_any_more);
}

}  // namespace

Connection::Connection(Relay& relay, tcp::socket front)
    : relay_(relay), front_(std::move(front)), back_(front_.get_executor()) {
    pair_.client = remote_end(front_);
}

void Connection::start(const Endpoint& upstream) {
    upstream_ = upstream;
    const auto socket = begin_connecting(upstream, [this](std::uint16_t port) { return relay_.is_lost(port); });
    if (!socket) {
        if (socket.error().system_error != ECONNREFUSED) relay_.failed(socket.error());
        return close_by(CloseBy::rst);
    }
    back_.assign(tcp::v4(), *socket);
    pair_.upstream = local_end(*socket);
    back_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code failed) {
        if (!failed && !self->finished_) self->on_connected();
    });
}

void Connection::on_connected() {
    int refused = 0;
    socklen_t length = sizeof refused;
    // A refused or unreachable target is the target's affair: the subscriber sees a reset and counts it.
    if (getsockopt(back_.native_handle(), SOL_SOCKET, SO_ERROR, &refused, &length) != 0 || refused != 0) {
        return close_by(CloseBy::rst);
    }
    error_code failed;
    for (tcp::socket* socket : {&front_, &back_}) {
        socket->set_option(tcp::no_delay(true), failed);
        if (!failed) socket->non_blocking(true, failed);
        if (failed) return close_by(CloseBy::rst);  // reset by its peer meanwhile
    }
    relaying_ = true;
    relay_.connected(*this);
    if (finished_) return;  // by a toxic
    for (Direction* direction : {&up_, &down_}) {
        wait_readable(*direction);
        watch_for_reset(*direction);
    }
}

bool Connection::Direction::may_read() const {
    if (waits_for_input || from_ended) return false;
    return !held || held->stream.held() < (held->stream.toxic().any() ? held_max : 1);
}

void Connection::wait_readable(Direction& direction) {
    if (!direction.may_read()) return;
    direction.waits_for_input = true;
    direction.from.async_wait(tcp::socket::wait_read, [self = shared_from_this(), &direction](error_code failed) {
        direction.waits_for_input = false;
        if (!failed && !self->finished_) self->relay(direction);
    });
}

void Connection::wait_writable(Direction& direction) {
    direction.waits_for_room = true;
    direction.to.async_wait(tcp::socket::wait_write, [self = shared_from_this(), &direction](error_code failed) {
        direction.waits_for_room = false;
        if (!failed && !self->finished_) self->pump(direction);
    });
}

/// While bytes wait for `to`, `from` is not read, so that its reset would go unnoticed: it is passed on from here. In
/// every other case the read meets it, after the bytes that came before it. Armed once: what else wakes it up (an end
/// of both directions, urgent data) would wake it up again at once.
void Connection::watch_for_reset(Direction& direction) {
    direction.from.async_wait(tcp::socket::wait_error, [self = shared_from_this(), &direction](error_code failed) {
        if (failed || self->finished_ || direction.waits_for_input) return;
        int error = 0;
        socklen_t length = sizeof error;
        if (getsockopt(direction.from.native_handle(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
            self->close_by(CloseBy::rst);
        }
    });
}

void Connection::relay(Direction& direction) {
    if (direction.from_ended) return;  // answer() has ended it
    if (direction.bulk && as_it_comes(direction) && splice_on(direction)) return;
    std::vector<char>& buffer = relay_.read_buffer();
    error_code failed;
    const std::size_t got = direction.from.read_some(asio::buffer(buffer), failed);
    if (failed == asio::error::would_block) return wait_readable(direction);
    const Nanos now = monotonic_now();
    if (failed == asio::error::eof) {
        direction.from_ended = true;
        if (direction.ended) return;  // by half_close()
        for (const auto& rewrite : rewrites_)
            pass_on(direction, rewrite->end(direction.way, now), now);
        return end(direction, now);
    }
    if (failed) return close_by(CloseBy::rst);
    relay_.heard(*this, now);
    if (half_closed_) (direction.ended ? half_closed_->dropped : half_closed_->passed) += got;
    if (direction.ended) return wait_readable(direction);
    direction.bulk = got >= bulk_bytes_min;
    const std::string_view bytes(buffer.data(), got);
    if (rewrites_.empty()) return pass_on(direction, bytes, now);
    if (const auto rewritten = rewrite(direction, bytes, now)) pass_on(direction, *rewritten, now);
}

/// Nobody has to see its bytes.
bool Connection::as_it_comes(const Direction& direction) const {
    return !direction.held && rewrites_.empty() && !half_closed_;
}

/// False: there is nothing to be spliced; reading tells why.
bool Connection::splice_on(Direction& direction) {
    Pipe& pipe = relay_.pipe();
    const std::size_t got = pipe.fill(direction.from.native_handle());
    direction.bulk = got >= bulk_bytes_min;
    if (got == 0) return false;
    const Nanos now = monotonic_now();
    relay_.heard(*this, now);
    for (std::size_t left = got; left > 0;) {
        const std::size_t sent = pipe.pour(direction.to.native_handle(), left);
        left -= sent;
        if (sent > 0) continue;
        std::vector<char>& buffer = relay_.read_buffer();
        keep(direction, {buffer.data(), pipe.empty(buffer.data(), left)}, now);
        return true;
    }
    wait_readable(direction);
    return true;
}

void Connection::pass_on(Direction& direction, std::string_view bytes, Nanos now) {
    if (finished_ || direction.ended) return;
    if (bytes.empty()) return wait_readable(direction);
    if (direction.held) {
        direction.held->stream.take(bytes, now);
        direction.held->treatment.came(bytes.size(), now);
        return pump(direction);
    }
    error_code failed;
    const std::size_t sent = direction.to.write_some(asio::buffer(bytes.data(), bytes.size()), failed);
    if (failed && failed != asio::error::would_block) return close_by(CloseBy::rst);
    if (sent == bytes.size()) return wait_readable(direction);
    keep(direction, bytes.substr(sent), now);
}

/// What `to` would not take.
void Connection::keep(Direction& direction, std::string_view rest, Nanos now) {
    direction.held = std::make_unique<Held>(0, front_.get_executor());
    direction.held->stream.take(rest, now);
    wait_writable(direction);
}

/// What goes on in the place of `bytes`; none: the connection has been answered instead.
std::optional<std::string> Connection::rewrite(Direction& direction, std::string_view bytes, Nanos now) {
    std::string onward(bytes);
    for (const auto& rewrite : rewrites_) {
        Rewrite::Outcome outcome = rewrite->take(direction.way, onward, now);
        if (outcome.answer) {
            answer(*outcome.answer, now);
            return std::nullopt;
        }
        onward = std::move(outcome.onward);
    }
    std::erase_if(rewrites_, [](const auto& rewrite) { return rewrite->over(); });
    flush_later();
    return onward;
}

void Connection::flush_rewrites() {
    const Nanos now = monotonic_now();
    for (const auto& rewrite : rewrites_)
        pass_on(down_, rewrite->flush(now), now);
}

void Connection::flush_later() {
    std::optional<Nanos> due;
    for (const auto& rewrite : rewrites_) {
        if (const auto at = rewrite->due()) due = due ? std::min(*due, *at) : *at;
    }
    if (!due) return;
    if (!flush_timer_) flush_timer_.emplace(front_.get_executor());
    flush_timer_->expires_at(asio::steady_timer::time_point(std::chrono::nanoseconds(*due)));  // CLOCK_MONOTONIC
    flush_timer_->async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && !self->finished_) self->flush_rewrites();
    });
}

void Connection::answer(std::string_view text, Nanos now) {
    for (Direction* direction : {&up_, &down_})
        direction->from_ended = true;  // nobody is heard any more
    pass_on(down_, text, now);
    end(up_, now);
    end(down_, now);
}

/// Nothing more comes from one side.
void Connection::end(Direction& direction, Nanos now) {
    if (finished_ || direction.ended) return;
    if (!direction.held) return pass_end_on(direction);
    direction.held->stream.end(now);
    pump(direction);
}

/// Passes on what is due, and sees to it that it is called again when more is, or when `to` takes more.
void Connection::pump(Direction& direction) {
    if (!direction.held) return;  // half_close() has thrown it away
    const Nanos now = monotonic_now();
    if (!direction.waits_for_room && !write_due(direction, now)) return;
    ToxicStream& stream = direction.held->stream;
    if (stream.over(now)) return close_by(stream.toxic().resets ? CloseBy::rst : CloseBy::fin);
    if (!direction.ended && stream.may_end(now)) {
        pass_end_on(direction);
        if (finished_) return;
    }
    if (stream.held() == 0 && direction.ended == direction.from_ended && !stream.toxic().any()) {
        direction.held.reset();  // gives the memory back
    } else {
        pump_later(direction);
    }
    wait_readable(direction);
}

/// False: the connection was closed for it.
bool Connection::write_due(Direction& direction, Nanos now) {
    ToxicStream& stream = direction.held->stream;
    for (std::string_view due = stream.due(now); !due.empty(); due = stream.due(now)) {
        error_code failed;
        const std::size_t sent = direction.to.write_some(asio::buffer(due.data(), due.size()), failed);
        if (failed && failed != asio::error::would_block) {
            close_by(CloseBy::rst);
            return false;
        }
        const Nanos kept = stream.left(sent, now);
        if (sent > 0) direction.held->treatment.left(kept);
        if (sent < due.size()) {
            wait_writable(direction);
            return true;
        }
    }
    return true;
}

void Connection::pump_later(Direction& direction) {
    Held& held = *direction.held;
    const auto at = direction.waits_for_room || direction.ended ? held.stream.closes_at() : held.stream.next();
    if (!at) return;
    held.timer.expires_at(asio::steady_timer::time_point(std::chrono::nanoseconds(*at)));  // CLOCK_MONOTONIC
    held.timer.async_wait([self = shared_from_this(), &direction](error_code cancelled) {
        if (!cancelled && !self->finished_ && direction.held) self->pump(direction);
    });
}

void Connection::treat(Toxics& toxics) {
    for (Direction* direction : {&up_, &down_}) {
        if (!finished_ && !treat(*direction, toxics)) return close_by(CloseBy::fin);
    }
}

/// False: bytes have been lost, and no more are to be.
bool Connection::treat(Direction& direction, Toxics& toxics) {
    Treatment treatment =
        toxics.of(pair_.client, direction.way, direction.held ? direction.held->treatment : Treatment{});
    if (!direction.held) {
        if (!treatment.toxic().any()) return true;
        direction.held = std::make_unique<Held>(treatment.seed() ^ pair_.client.port, front_.get_executor());
    }
    Held& held = *direction.held;
    held.treatment = std::move(treatment);
    if (held.stream.toxic() == held.treatment.toxic()) return true;
    held.stream.treat(held.treatment.toxic(), monotonic_now());
    if (held.stream.lossy() && !held.stream.toxic().loses) return false;
    if (relaying_) pump(direction);
    return true;
}

bool Connection::quota_used() const {
    return (up_.held && up_.held->stream.quota_used()) || (down_.held && down_.held->stream.quota_used());
}

std::shared_ptr<const HalfClosed> Connection::half_close(Way way) {
    Direction& direction = way == Way::to_target ? up_ : down_;
    if (!relaying_ || finished_ || direction.ended) return nullptr;
    if (!half_closed_) half_closed_ = std::make_shared<HalfClosed>(pair_.client);
    if (direction.held) half_closed_->dropped += direction.held->stream.held();
    direction.held.reset();
    pass_end_on(direction);
    if (!finished_ && !direction.from_ended) wait_readable(direction);
    return half_closed_;
}

void Connection::pass_end_on(Direction& direction) {
    error_code failed;
    direction.to.shutdown(tcp::socket::shutdown_send, failed);
    if (failed) return close_by(CloseBy::rst);
    direction.ended = true;
    if (up_.ended && down_.ended) finish();
}

void Connection::close_by(CloseBy how) {
    if (finished_) return;
    switch (how) {
        case CloseBy::fin:
            break;
        case CloseBy::rst:
            close_with_reset(front_);
            close_with_reset(back_);
            break;
        case CloseBy::silence:
            vanish(front_);
            vanish(back_);
            break;
    }
    finish();
}

/// In repair mode the kernel forgets a socket without telling its peer.
void Connection::vanish(tcp::socket& socket) {
    if (!socket.is_open()) return;
    const int on = 1;
    if (setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
        relay_.failed(system_failure("closing a connection without a packet (TCP_REPAIR)", errno,
                                     "it needs CAP_NET_ADMIN in the path's namespace"));
    }
}

void Connection::finish() {
    finished_ = true;
    error_code not_open_any_more;
    front_.close(not_open_any_more);
    back_.close(not_open_any_more);
    for (Direction* direction : {&up_, &down_})
        direction->held.reset();
    flush_timer_.reset();
    if (half_closed_) half_closed_->open = false;
    relay_.ended(*this);
}

}  // namespace squall::proxy
