#include "raw_clients.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>

#include "faults/core/socket_address.hpp"
#include "suites/workload/socket.hpp"

namespace squall::test {
namespace {

constexpr std::size_t read_bytes_max = 65536;

Nanos steady() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

RawClients::RawClients(const kernel::Namespace& where) : where_(where), thread_([this] { run(); }) {}

RawClients::~RawClients() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    thread_.join();
    for (const auto& [id, connection] : connections_)
        close(connection.socket);
}

void RawClients::connect(std::size_t count, const std::string& cohort, Endpoint to, bool websocket) {
    to_ = to;
    for (std::size_t i = 0; i < count; ++i)
        connect_one({next_subscriber_++, 1}, cohort, to, websocket);
}

void RawClients::connect_one(const ConnectionId& id, const std::string& cohort, Endpoint to, bool websocket) {
    const Status done = where_.run([&]() -> Status {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = socket_address(to);
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            const int number = errno;
            close(socket);
            if (number == ECONNRESET) {  // it was open, and ended before this thread got to run
                const std::lock_guard lock(mutex_);
                ++resets_;
                return {};
            }
            return system_failure("connecting to " + to_string(to), number);
        }
        const std::lock_guard lock(mutex_);
        connections_[id] = {
            .described = {id, cohort, local_end(socket), to, websocket}, .socket = socket, .reading = {}};
        return {};
    });
    if (!done) throw std::runtime_error(done.error().message);
}

bool RawClients::try_connect(ConnectionId id, const std::string& cohort, Endpoint to,
                             std::chrono::milliseconds patience) {
    const Status done = where_.run([&]() -> Status {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sockaddr_in address = socket_address(to);
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        pollfd waiting{socket, POLLOUT, 0};
        if (poll(&waiting, 1, static_cast<int>(patience.count())) != 1 || waiting.revents != POLLOUT) {
            close(socket);
            return Error{"no connection"};
        }
        const std::lock_guard lock(mutex_);
        connections_[id] = {.described = {id, cohort, local_end(socket), to}, .socket = socket, .reading = {}};
        return {};
    });
    return static_cast<bool>(done);
}

void RawClients::send_all(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, connection] : connections_) {
        if (send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            continue;  // read tells
    }
}

void RawClients::run() {
    Nanos before = steady();
    while (true) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        const std::lock_guard lock(mutex_);
        if (stop_) return;
        const Nanos now = steady();
        for (auto entry = connections_.begin(); entry != connections_.end();) {
            if (read_some(entry->second, now, now - before)) {
                ++entry;
            } else {
                close(entry->second.socket);
                entry = connections_.erase(entry);
            }
        }
        before = now;
    }
}

bool RawClients::read_some(Connection& connection, Nanos now, Nanos elapsed) {
    const Reading& reading = connection.reading;
    std::size_t limit = read_bytes_max;
    if (reading.mode == Reading::Mode::stopped) return true;
    if (reading.mode == Reading::Mode::stop_and_go) {
        const Nanos cycle = reading.go + reading.stop;
        if ((now - connection.since) % cycle >= reading.go) return true;
    }
    if (reading.mode == Reading::Mode::limited) {
        connection.allowance += reading.bytes_per_second * to_seconds(elapsed);
        limit = static_cast<std::size_t>(connection.allowance);
        if (limit == 0) return true;
    }
    char buffer[read_bytes_max];
    const ssize_t got = recv(connection.socket, buffer, std::min(limit, sizeof buffer), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) {
        ++(got == 0 ? fins_ : resets_);
        note_end(connection.described.id, got == 0 ? "eof_cut" : "reset");
        return false;
    }
    if (connection.described.websocket) answer_pings(connection, {buffer, static_cast<std::size_t>(got)});
    received_ += static_cast<std::size_t>(got);
    connection.allowance -= static_cast<double>(got);
    return true;
}

void RawClients::answer_pings(const Connection& connection, std::string_view bytes) {
    for (auto at = bytes.find(ping); at != bytes.npos; at = bytes.find(ping, at + ping.size())) {
        if (!connection.pongs) {
            ++outcomes_.at(connection.described.id).pings_unanswered;
        } else if (send(connection.socket, pong.data(), pong.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            return;  // read tells
        }
    }
}

void RawClients::note_end(const ConnectionId& id, const char* end) {
    if (const auto entry = outcomes_.find(id); entry != outcomes_.end()) entry->second.end = end;
}

std::size_t RawClients::open() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
}
std::size_t RawClients::ends_by_fin() const {
    const std::lock_guard lock(mutex_);
    return fins_;
}
std::size_t RawClients::ends_by_reset() const {
    const std::lock_guard lock(mutex_);
    return resets_;
}
std::size_t RawClients::bytes_received() const {
    const std::lock_guard lock(mutex_);
    return received_;
}
std::set<ConnectionId> RawClients::lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
}

std::vector<ClientConnection> RawClients::connections(std::string_view cohort) {
    const std::lock_guard lock(mutex_);
    std::vector<ClientConnection> found;
    for (const auto& [id, connection] : connections_) {
        if (cohort.empty() || connection.described.cohort == cohort) found.push_back(connection.described);
    }
    return found;
}

Result<std::size_t> RawClients::set_reading(const std::vector<ConnectionId>& ids, const Reading& reading,
                                            std::uint32_t receive_buffer_bytes) {
    const std::lock_guard lock(mutex_);
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        const auto entry = connections_.find(id);
        if (entry == connections_.end()) continue;
        if (receive_buffer_bytes > 0) {
            const Status set = workload::set_receive_buffer(entry->second.socket, receive_buffer_bytes);
            if (!set) return set.error();
        }
        entry->second.reading = reading;
        entry->second.since = steady();
        entry->second.allowance = 0;
        ++reached;
    }
    return reached;
}

std::vector<std::pair<ConnectionId, std::uint32_t>> RawClients::unread(const std::vector<ConnectionId>& ids) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<ConnectionId, std::uint32_t>> result;
    for (const ConnectionId& id : ids) {
        const auto entry = connections_.find(id);
        int bytes = 0;
        if (entry == connections_.end() || ioctl(entry->second.socket, FIONREAD, &bytes) != 0) continue;
        result.emplace_back(id, static_cast<std::uint32_t>(bytes));
    }
    return result;
}

Result<std::size_t> RawClients::hang_up(const std::vector<ConnectionId>& ids, Hangup how) {
    const std::lock_guard lock(mutex_);
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        const auto entry = connections_.find(id);
        if (entry == connections_.end()) continue;
        const int socket = entry->second.socket;
        const linger reset{1, 0};
        const int on = 1;
        if (how == Hangup::reset) setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (how == Hangup::vanish && setsockopt(socket, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) {
            return system_failure("TCP_REPAIR", errno);
        }
        close(socket);
        note_end(id, "hung_up");
        connections_.erase(entry);
        ++reached;
    }
    return reached;
}

Result<std::vector<ConnectionId>> RawClients::reconnect(const std::vector<ConnectionId>& ids, Hangup how) {
    std::vector<ClientConnection> left;
    for (const ClientConnection& connection : connections("")) {
        if (std::find(ids.begin(), ids.end(), connection.id) != ids.end()) left.push_back(connection);
    }
    if (auto done = hang_up(ids, how); !done) return done.error();
    std::vector<ConnectionId> attempts;
    for (const ClientConnection& connection : left) {
        attempts.push_back({connection.id.subscriber, connection.id.generation + 1});
        connect_one(attempts.back(), connection.cohort, connection.remote, connection.websocket);
    }
    return attempts;
}

Result<std::size_t> RawClients::send_raw(const std::vector<ConnectionId>& ids, std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        const auto entry = connections_.find(id);
        if (entry == connections_.end() || !entry->second.described.websocket) continue;
        Outcome& outcome = outcomes_.try_emplace(id, Outcome{.id = id}).first->second;
        const ssize_t sent = send(entry->second.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        outcome.sent = sent == static_cast<ssize_t>(bytes.size());
        ++reached;
    }
    return reached;
}

/// A server that echoes answers as one that accepts would.
Opening RawClients::opening(std::string_view protocol) {
    const bool sse = protocol == "sse";
    return {to_, sse ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 101 Switching Protocols\r\n\r\n", !sse};
}

void RawClients::book_extra(const std::string& fault, bool, const std::vector<Endpoint>& locals) {
    const std::lock_guard lock(mutex_);
    extra_[fault].insert(extra_[fault].end(), locals.begin(), locals.end());
}

std::vector<Endpoint> RawClients::extra(const std::string& fault) const {
    const std::lock_guard lock(mutex_);
    const auto found = extra_.find(fault);
    return found == extra_.end() ? std::vector<Endpoint>{} : found->second;
}

Result<std::size_t> RawClients::withhold_pongs(const std::vector<ConnectionId>& ids, bool withhold) {
    const std::lock_guard lock(mutex_);
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        const auto entry = connections_.find(id);
        if (entry == connections_.end() || !entry->second.described.websocket) continue;
        entry->second.pongs = !withhold;
        outcomes_.try_emplace(id, Outcome{.id = id});
        ++reached;
    }
    return reached;
}

std::vector<Outcome> RawClients::outcomes(const std::vector<ConnectionId>& ids) {
    const std::lock_guard lock(mutex_);
    std::vector<Outcome> found;
    for (const ConnectionId& id : ids) {
        if (const auto entry = outcomes_.find(id); entry != outcomes_.end()) found.push_back(entry->second);
    }
    return found;
}

void RawClients::mark_lost(const std::vector<ConnectionId>& ids) {
    const std::lock_guard lock(mutex_);
    lost_.insert(ids.begin(), ids.end());
}

}  // namespace squall::test
