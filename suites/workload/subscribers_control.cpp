// What faults and the engine ask of the subscribers. The loop's thread carries it out.
#include <algorithm>
#include <numeric>

#include "suites/workload/requests.hpp"
#include "suites/workload/socket.hpp"
#include "suites/workload/subscribers.hpp"

namespace squall::workload {

const Subscriber* Subscribers::find(const ConnectionId& id) const {
    if (id.subscriber >= subscribers_.size()) return nullptr;
    const Subscriber& s = subscribers_[id.subscriber];
    return s.generation == id.generation && s.state == Subscriber::State::open ? &s : nullptr;
}

Subscriber* Subscribers::find(const ConnectionId& id) {
    return const_cast<Subscriber*>(std::as_const(*this).find(id));  // found in our own, mutable table
}

std::vector<ClientConnection> Subscribers::connections(std::string_view cohort) const {
    std::vector<ClientConnection> all;
    for (std::uint32_t index = 0; index < subscribers_.size(); ++index) {
        const Subscriber& s = subscribers_[index];
        const std::string& name = state_of(s).cohort.name;
        if (s.state != Subscriber::State::open || (!cohort.empty() && cohort != name)) continue;
        const bool websocket = state_of(s).cohort.protocol == Protocol::websocket;
        all.push_back({{index, s.generation}, name, s.local, common_.plan.wire.subscribe, websocket});
    }
    return all;
}

Result<std::size_t> Subscribers::set_reading(const std::vector<ConnectionId>& ids, const Reading& reading,
                                             std::uint32_t receive_buffer_bytes) {
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        const Subscriber* s = find(id);
        if (s == nullptr) continue;
        if (receive_buffer_bytes > 0) {
            if (const Status status = set_receive_buffer(s->fd, receive_buffer_bytes); status.has_error()) {
                return status.error();
            }
        }
        start_reading(id.subscriber, reading);
        ++reached;
    }
    return reached;
}

std::vector<std::pair<ConnectionId, std::uint32_t>> Subscribers::unread(const std::vector<ConnectionId>& ids) const {
    std::vector<std::pair<ConnectionId, std::uint32_t>> bytes;
    for (const ConnectionId& id : ids) {
        if (const Subscriber* s = find(id)) bytes.emplace_back(id, unread_bytes(s->fd));
    }
    return bytes;
}

Result<std::size_t> Subscribers::hang_up(const std::vector<ConnectionId>& ids, Hangup how) {
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        const Subscriber* s = find(id);
        if (s == nullptr) continue;
        if (how == Hangup::vanish) {
            // Before anything is given up: without the privilege the connection has to stay as it is.
            if (const Status status = enter_repair(s->fd); status.has_error()) return status.error();
        }
        hang_up_one(id.subscriber, how);
        ++reached;
        if (how == Hangup::vanish) {
            subscribers_[id.subscriber].state = Subscriber::State::gone;
            if (wanted_ > 0) --wanted_;
        } else {
            retry_later(id.subscriber);
        }
    }
    return reached;
}

std::size_t Subscribers::reconnect(const std::vector<ConnectionId>& ids, Hangup how,
                                   std::vector<ConnectionId>& attempts) {
    const std::size_t before = attempts.size();
    for (const ConnectionId& id : ids) {
        if (!load_ || find(id) == nullptr) continue;
        hang_up_one(id.subscriber, how, Next::at_once);
        begin(id.subscriber);
        attempts.push_back({id.subscriber, subscribers_[id.subscriber].generation});
    }
    return attempts.size() - before;
}

Subscriber* Subscribers::find_websocket(const ConnectionId& id) {
    Subscriber* s = find(id);
    return s != nullptr && state_of(*s).cohort.protocol == Protocol::websocket ? s : nullptr;
}

std::size_t Subscribers::send_raw(const std::vector<ConnectionId>& ids, std::string_view bytes) {
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        if (find_websocket(id) == nullptr) continue;
        Outcome& outcome = outcomes_.try_emplace(id, Outcome{.id = id}).first->second;
        outcome.sent = send(id.subscriber, bytes);
        ++reached;
    }
    return reached;
}

Opening Subscribers::opening(std::string_view protocol) {
    const std::vector<Cohort>& cohorts = common_.plan.cohorts;
    auto found = std::find_if(cohorts.begin(), cohorts.end(), [&](const Cohort& cohort) {
        return protocol.empty() || protocol == to_string(cohort.protocol);
    });
    const Cohort& like = found == cohorts.end() ? cohorts.front() : *found;
    const Wire& wire = common_.plan.wire;
    if ((protocol.empty() ? to_string(like.protocol) : protocol) == to_string(Protocol::sse)) {
        return {wire.subscribe, sse_request(wire, like, {}), false};
    }
    return {wire.subscribe, websocket_request(wire, wire.websocket_path, like.topic, {}, common_.random).text, true};
}

void Subscribers::book_extra(const std::string& fault, bool websocket, const std::vector<Endpoint>& locals) {
    const auto attempt = Established::Role::attempt;
    for (const Endpoint& local : locals) {
        if (extra_.size() == ever_max) {
            common_.rig_problem("connection table full", "a fault opened more than 2,000,000 connections");
            return;
        }
        const ConnectionId id{static_cast<std::uint32_t>(extra_.size()), 1};
        extra_.push_back({{id, fault, local, common_.plan.wire.subscribe, websocket}, common_.loop.now(), attempt});
    }
    const Labels labels{{"protocol", std::string(to_string(websocket ? Protocol::websocket : Protocol::sse))}};
    common_.recorder.count(common_.recorder.counter("faults.connects", labels), common_.loop.turn(), locals.size());
}

std::size_t Subscribers::withhold_pongs(const std::vector<ConnectionId>& ids, bool withhold) {
    std::size_t reached = 0;
    for (const ConnectionId& id : ids) {
        Subscriber* s = find_websocket(id);
        if (s == nullptr) continue;
        s->pongs_withheld = withhold;
        outcomes_.try_emplace(id, Outcome{.id = id});
        ++reached;
    }
    return reached;
}

Outcome* Subscribers::outcome_of(std::uint32_t index) {
    const auto found = outcomes_.find({index, subscribers_[index].generation});
    return found == outcomes_.end() ? nullptr : &found->second;
}

std::vector<Outcome> Subscribers::outcomes(const std::vector<ConnectionId>& ids) const {
    std::vector<Outcome> all;
    for (const ConnectionId& id : ids) {
        if (const auto found = outcomes_.find(id); found != outcomes_.end()) all.push_back(found->second);
    }
    return all;
}

void Subscribers::mark_lost(const std::vector<ConnectionId>& ids) {
    for (const ConnectionId& id : ids) {
        Subscriber* s = find(id);
        if (s == nullptr || s->lost) continue;
        s->lost = true;
        if (s->state == Subscriber::State::open) --state_of(*s).open;  // it believes to be connected, and is not
        close_books(id.subscriber);
    }
}

std::vector<Established> Subscribers::ever_established() const {
    std::vector<Established> all;
    all.reserve(ever_.size());
    for (const Ever& ever : ever_) {
        const auto role = ever.confirmed ? Established::Role::subscription : Established::Role::attempt;
        const std::string& cohort = cohorts_[ever.cohort]->cohort.name;
        all.push_back({{ever.id, cohort, ever.local, common_.plan.wire.subscribe}, ever.since, role});
    }
    if (extra_.empty()) return all;
    // A port may have been a fault's and then a subscriber's: who had it when is told by order and time.
    all.insert(all.end(), extra_.begin(), extra_.end());
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
    return all;
}

std::uint32_t Subscribers::open() const {
    return std::accumulate(cohorts_.begin(), cohorts_.end(), std::uint32_t{0},
                           [](std::uint32_t sum, const auto& state) { return sum + state->open; });
}

void Subscribers::sample(Nanos at) {
    for (const auto& state : cohorts_)
        common_.recorder.sample("connections", state->labels, at, state->open);
}

std::size_t Subscribers::bytes_per_subscriber() const {
    std::size_t books = 0;
    bool gzip = false;
    for (const auto& state : cohorts_) {
        books = std::max(books, state->books.bytes_per_subscriber());
        gzip = gzip || state->cohort.accept_gzip;
    }
    // Two timers: the handshake's deadline stays in the heap until it is due.
    return sizeof(Subscriber) + books + sizeof(Ever) + 2 * Loop::timer_bytes + (gzip ? Inflater::bytes : 0) +
           (common_.plan.wire.tls ? tls::Session::idle_bytes : 0);
}

}  // namespace squall::workload
