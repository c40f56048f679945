#include "reference-server/src/hub.hpp"

#include <unistd.h>

#include "reference-server/src/http_connection.hpp"
#include "reference-server/src/overload.hpp"
#include "reference-server/src/session.hpp"

namespace squall::reference {

Hub::Hub(const Config& settings, std::function<void()> request_turn_end)
    : config(settings),
      marks(marks_of(settings)),
      log(settings.log, STDOUT_FILENO),
      wheel(Clock::now()),
      topics(settings),
      handshakes(settings.handshake_rate_max),
      request_turn_end_(std::move(request_turn_end)) {}

Hub::~Hub() = default;

void Hub::touch() {
    if (turn_end_requested_) return;
    turn_end_requested_ = true;
    request_turn_end_();
}

void Hub::mark_dirty(Session& session) {
    if (session.dirty) return;
    session.dirty = true;
    dirty_.push_back(&session);
    touch();
}

void Hub::flush_dirty() {
    unflushed_publishes_ = 0;
    // Two lists trade places: a flush may mark others, and neither list's memory is given back each turn.
    flushing_.swap(dirty_);
    for (Session* session : flushing_) {
        session->dirty = false;
        session->flush();
    }
    flushing_.clear();
}

void Hub::end_of_turn() {
    turn_end_requested_ = false;
    while (!dirty_.empty())
        flush_dirty();
    evict_when_too_many_are_slow(*this, Clock::now());
    while (!dirty_.empty())
        flush_dirty();
    sessions.bury();
    http_connections.bury();
    log.flush();
}

void Hub::tick(Clock::time_point now, Clock::duration lag) {
    const double lag_seconds = std::chrono::duration<double>(lag).count();
    if (lag_seconds > metrics.loop_lag_seconds_max) metrics.loop_lag_seconds_max = lag_seconds;
    if (lag >= retry_after) lagging_until = now + retry_after;
    wheel.advance(now);
    if (log.pending()) touch();
}

}  // namespace squall::reference
