// How connections end, who ended them, and what that means for the books.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "suites/workload/socket.hpp"
#include "suites/workload/subscribers.hpp"

namespace squall::workload {
namespace {

/// Ends of single connections that are told apart; more only count.
constexpr std::uint64_t detailed_events_max = 200'000;
/// Subscribers whose losses are told apart; those of more are summed up by cohort.
constexpr std::size_t losers_max = 1'000;

}  // namespace

/// Who it was, and for the books what came of it.
Labels Subscribers::identity(std::uint32_t index) const {
    const Subscriber& s = subscribers_[index];
    Labels labels = state_of(s).labels;
    if (detailed_events_ > detailed_events_max) return labels;
    const ClientConnection connection{{index, s.generation}, state_of(s).cohort.name, s.local, {}};
    labels.emplace("connection", connection_label(connection));
    labels.emplace("peer", to_string(s.local));
    labels.emplace("arrived", std::to_string(s.arrived));
    if (s.repeated > 0) labels.emplace("repeated", std::to_string(s.repeated));
    if (resumable(s)) labels.emplace("resumable", "yes");
    return labels;
}

/// Its next connection, if there is one, asks for what this one missed.
bool Subscribers::resumable(const Subscriber& s) const {
    const Cohort& cohort = state_of(s).cohort;
    return cohort.protocol == Protocol::sse && cohort.last_event_id && !s.last_event_id.empty();
}

bool Subscribers::will_resume(const Subscriber& s) const {
    return load_ && resumable(s) && state_of(s).cohort.reconnect.policy != Reconnect::Policy::none;
}

void Subscribers::close_books(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    CohortState& state = state_of(s);
    state.books.close(index - state.first, s.generation, common_.loop.now());
}

void Subscribers::ended_by_error(std::uint32_t index, int error) {
    const bool reset = error == ECONNRESET || error == EPIPE || error == ECONNABORTED;
    // Whatever else the kernel may report ends a connection after it has tried for long enough.
    const bool plain = reset || error == ETIMEDOUT;
    ended(index, reset ? "reset" : "timeout", plain ? nullptr : std::strerror(error), Parting::close_now);
}

/// The connection has ended, and not by us.
void Subscribers::ended(std::uint32_t index, std::string_view seen, const char* detail, Parting parting) {
    Subscriber& s = subscribers_[index];
    const Nanos now = common_.loop.now();
    ++disconnects_;
    ++detailed_events_;
    Labels labels = identity(index);
    labels.emplace("seen", seen);
    if (detail != nullptr) labels.emplace("detail", detail);
    if (s.said) labels.emplace("said", *s.said);
    // Why `now` may be long after the end: a fault was in the way, or the subscriber did not look.
    if (s.lost || s.slow) labels.emplace("blind", s.lost ? "cut_off" : "not_reading");
    common_.recorder.event({now, "disconnects", std::move(labels), 1});
    if (Outcome* outcome = outcome_of(index)) outcome->end = seen;
    if (!s.slow && !s.lost) common_.recorder.record(state_of(s).silence, now, now - s.last_byte);
    if (!will_resume(s)) close_books(index);
    part(index, parting);
    retry_later(index);
}

/// Gives the descriptor away, and everything that only an open connection needs.
void Subscribers::part(std::uint32_t index, Parting parting) {
    Subscriber& s = subscribers_[index];
    if (s.state == Subscriber::State::open && !s.lost) --state_of(s).open;
    const int fd = std::exchange(s.fd, -1);
    switch (parting) {
        case Parting::close_now:
            ::close(fd);
            break;
        case Parting::linger:
            common_.lingering.take(fd, true);
            break;
        case Parting::reset:
            close_with_reset(fd);
            break;
        case Parting::silence:
            close_silently(fd);
            break;
    }
    ++s.timer;
    s.state = Subscriber::State::idle;
    s.stream.emplace<std::monostate>();
    s.tls.reset();
    s.handshake.reset();
    s.unsent.reset();
    s.slow.reset();
    s.said.reset();
}

void Subscribers::say_tls_is_over(std::uint32_t index) {
    Subscriber& s = subscribers_[index];
    if (!s.tls) return;
    s.tls->close();
    send_records(index);
}

/// Ends an open connection of ours, and records it as such.
void Subscribers::hang_up_one(std::uint32_t index, Hangup how, Next next) {
    Subscriber& s = subscribers_[index];
    const bool websocket = state_of(s).cohort.protocol == Protocol::websocket;
    ++detailed_events_;
    Labels labels = identity(index);
    const char* name = how == Hangup::close ? "close" : how == Hangup::reset ? "reset" : "vanish";
    labels.emplace("how", s.lost ? "lost" : name);
    common_.recorder.event({common_.loop.now(), "hangups", std::move(labels), 1});
    if (Outcome* outcome = outcome_of(index)) outcome->end = "hung_up";
    const bool resumes = next == Next::at_once ? resumable(s) : will_resume(s);
    if (!resumes || how == Hangup::vanish) close_books(index);
    Parting parting = Parting::reset;
    if (s.lost || how == Hangup::vanish) {
        parting = Parting::silence;
    } else if (how == Hangup::close) {
        if (websocket) send_frame(index, Opcode::close, close_payload(1000, {}));
        say_tls_is_over(index);
        // To close over unread bytes would send a reset in the FIN's place.
        parting = websocket || unread_bytes(s.fd) > 0 ? Parting::linger : Parting::close_now;
    }
    part(index, parting);
}

void Subscribers::stop_load() {
    load_ = false;
    wanted_ = 0;
}

bool Subscribers::end_some(std::uint32_t& next, std::uint32_t count, bool the_run_is_over) {
    for (; count > 0 && next < subscribers_.size(); --count, ++next) {
        Subscriber& s = subscribers_[next];
        if (the_run_is_over) settle(next);
        if (s.state == Subscriber::State::open) {
            hang_up_one(next, Hangup::close);
        } else if (s.fd >= 0) {
            part(next, Parting::close_now);
        }
        if (s.state != Subscriber::State::gone) s.state = Subscriber::State::idle;
        ++s.timer;
        close_books(next);  // those that meant to resume will not
    }
    if (next < subscribers_.size()) return true;
    if (the_run_is_over) {
        for (const auto& state : cohorts_)
            book_losses(*state);
    }
    return false;
}

void Subscribers::settle(std::uint32_t index) {
    const Nanos now = common_.loop.now();
    const Subscriber& s = subscribers_[index];
    CohortState& state = state_of(s);
    const bool prompt = s.state == Subscriber::State::open && !s.slow && !s.lost;
    if (prompt) common_.recorder.record(state.silence, now, now - s.last_byte);
    // A target that publishes of its own accord goes on: what has come to others only just now is on its way.
    const bool due = prompt && !common_.plan.observe && unread_bytes(s.fd) == 0;
    state.books.settle(index - state.first, s.generation, due, now);
}

/// Losses as events: by connection for the first subscribers that have any, by slice for the others.
void Subscribers::book_losses(CohortState& state) {
    std::vector<Loss> losses = state.books.take_losses();
    const auto by_connection = [](const Loss& a, const Loss& b) {
        return std::tie(a.subscriber, a.generation, a.at) < std::tie(b.subscriber, b.generation, b.at);
    };
    std::sort(losses.begin(), losses.end(), by_connection);
    std::map<std::pair<std::int64_t, std::string>, Event> sums;
    const auto add_up = [&](const Loss& loss, const char* metric) {
        const Event none{loss.at, metric, state.labels, 0};
        sums.try_emplace({loss.at / slice_length, metric}, none).first->second.value +=
            static_cast<double>(loss.messages);
    };
    const Loss* before = nullptr;
    bool apart = false;
    for (const Loss& loss : losses) {
        const bool fresh = before == nullptr || before->subscriber != loss.subscriber;
        before = &loss;
        if (fresh) {
            apart = losers_ < losers_max;
            if (apart) ++losers_;
        }
        const char* metric = loss.in_flight ? "messages.in_flight" : "messages.missed";
        add_up(loss, "messages.expected");
        if (!apart) {
            add_up(loss, metric);
            continue;
        }
        Labels labels = state.labels;
        const ConnectionId id{state.first + loss.subscriber, loss.generation};
        labels.emplace("connection", connection_label({id, state.cohort.name, {}, {}}));
        common_.recorder.event({loss.at, metric, std::move(labels), static_cast<double>(loss.messages)});
    }
    for (auto& [slice, event] : sums)
        common_.recorder.event(std::move(event));
}

}  // namespace squall::workload
