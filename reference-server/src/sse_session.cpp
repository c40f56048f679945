// Server-sent events: one direction, comments as heartbeats, a goodbye event and, after all messages, the last chunk as
// farewell.
#include "reference-server/src/session.hpp"
#include "reference-server/src/sse_encoding.hpp"

namespace squall::reference {
namespace {

class SseSession final : public Session {
public:
    SseSession(Hub& hub, Origin origin) : Session(hub, Protocol::sse, std::move(origin)) {}

private:
    // The request is over; whatever the client still sends has no meaning here.
    void consume(std::string_view) override {}

    std::chrono::milliseconds heartbeat_interval() const override { return hub().config.heartbeat_interval; }
    void heartbeat() override { send_control(sse::heartbeat()); }

    std::string gap_notice(std::uint64_t from, std::uint64_t to) const override { return sse::gap(from, to); }

    // Without its last chunk a body is incomplete (RFC 9112, section 8), which is what a client has to learn of one
    // that lacks messages, whether it knows the goodbye event or not.
    std::string farewell(Reason reason, bool complete) const override {
        return complete ? sse::goodbye(reason) += sse::last_chunk : sse::goodbye(reason);
    }
    bool fin_after_farewell() const override { return true; }

    // An SSE client never speaks; its TCP does. Heartbeats and keepalive probes keep a living one acknowledging.
    Clock::time_point last_heard(Clock::time_point now) const override {
        const auto since = socket().since_last_acknowledgement();
        return since ? now - *since : now;
    }
};

}  // namespace

std::unique_ptr<Session> make_sse_session(Hub& hub, Session::Origin origin) {
    return std::make_unique<SseSession>(hub, std::move(origin));
}

}  // namespace squall::reference
