// What is due, and the connection it goes out on.
#include "suites/workload/publishers.hpp"
#include "faults/core/socket_address.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "suites/workload/requests.hpp"
#include "suites/workload/socket.hpp"

namespace squall::workload {
namespace {

constexpr Nanos reconnect_delay = 100'000'000;

}  // namespace

Publishers::Outlet::Outlet(const Publisher& the_publisher, Common& common)
    : publisher(the_publisher),
      schedule(the_publisher.arrivals, the_publisher.sizes, common.plan.seed, the_publisher.name) {
    const Labels labels{{"publisher", publisher.name}};
    latency = common.recorder.distribution("publish.latency", labels);
    published = common.recorder.counter("messages.published", labels);
    Labels with_protocol = labels;
    with_protocol.emplace("protocol", to_string(publisher.via));
    connects = common.recorder.counter("publishers.connects", with_protocol);
    reconnects = common.recorder.counter("publishers.reconnects", labels);
    unsent_messages = common.recorder.counter("messages.unsent", labels);
}

Publishers::Publishers(Common& common)
    : common_(common), publish_lag_(common.recorder.distribution("rig.publish_lag", {})) {
    if (common_.plan.observe) return;
    for (const Publisher& publisher : common_.plan.publishers) {
        outlets_.push_back(std::make_unique<Outlet>(publisher, common_));
    }
}

Publishers::~Publishers() {
    for (const auto& outlet : outlets_) {
        if (outlet->fd >= 0) ::close(outlet->fd);
    }
}

void Publishers::publish(const std::vector<std::string>& names, Nanos spell) {
    if (common_.plan.observe) return;
    for (const std::string& name : names) {
        const bool known = std::any_of(outlets_.begin(), outlets_.end(),
                                       [&](const auto& outlet) { return outlet->publisher.name == name; });
        if (!known) common_.rig_problem("no such publisher", name);
    }
    const Nanos now = common_.loop.now();
    for (std::uint32_t index = 0; index < outlets_.size(); ++index) {
        Outlet& outlet = *outlets_[index];
        const bool wanted = std::find(names.begin(), names.end(), outlet.publisher.name) != names.end();
        const bool anew = !outlet.scheduling || outlet.publisher.arrivals.process == Arrivals::Process::ramp;
        outlet.scheduling = wanted;
        if (!wanted) continue;
        outlet.closing = false;
        if (!anew) continue;  // a schedule goes on from one phase to the next
        outlet.schedule.start(now, spell);
        on_schedule(index);
        // The connection is there before the first message is due, so that this one does not pay for it.
        if (outlet.state == Outlet::State::closed) begin(index);
    }
}

void Publishers::stop() {
    for (std::uint32_t index = 0; index < outlets_.size(); ++index) {
        Outlet& outlet = *outlets_[index];
        outlet.scheduling = false;
        if (!outlet.backlog.empty()) {
            common_.recorder.count(outlet.unsent_messages, common_.loop.now(), outlet.backlog.size());
            outlet.backlog.clear();
        }
        outlet.closing = outlet.state == Outlet::State::ready && outlet.busy();
        if (!outlet.closing) close(index);
    }
}

void Publishers::settle() {
    stop();
    for (std::uint32_t index = 0; index < outlets_.size(); ++index) {
        if (outlets_[index]->closing) lost(index, "unanswered");
    }
}

void Publishers::arm(std::uint32_t index, Timer timer, Nanos when) {
    Outlet& outlet = *outlets_[index];
    std::uint32_t& generation = timer == schedule_due ? outlet.schedule_timer : outlet.deadline_timer;
    common_.loop.at(when, {Token::Kind::publisher, index * 2 + timer, ++generation});
}

void Publishers::on_timer(Token token) {
    const std::uint32_t index = token.index / 2;
    Outlet& outlet = *outlets_[index];
    if (token.index % 2 == schedule_due) {
        if (token.generation == outlet.schedule_timer && outlet.scheduling) on_schedule(index);
    } else if (token.generation == outlet.deadline_timer) {
        if (outlet.state == Outlet::State::closed) {
            if (outlet.scheduling || !outlet.backlog.empty()) begin(index);
        } else if (outlet.state != Outlet::State::ready || outlet.outstanding) {
            lost(index, "timeout");
        }
    }
}

void Publishers::on_schedule(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    const Nanos now = common_.loop.now();
    std::uint64_t over = 0;
    while (outlet.schedule.next_at() <= now) {
        const Due due = outlet.schedule.take();
        if (outlet.backlog.size() < backlog_max) {
            outlet.backlog.push_back(due);
        } else {
            ++over;
        }
    }
    if (over > 0) {
        common_.recorder.count(outlet.unsent_messages, now, over);
        common_.rig_problem("publisher's backlog full",
                            outlet.publisher.name + ": 100,000 messages wait for the target");
    }
    if (outlet.schedule.next_at() != std::numeric_limits<Nanos>::max()) {
        arm(index, schedule_due, outlet.schedule.next_at());
    }
    pump(index);
}

/// Sends what is due as long as the connection takes it.
void Publishers::pump(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    while (outlet.state == Outlet::State::ready && !outlet.busy() && outlet.unsent.empty() && !outlet.backlog.empty()) {
        send_next(index);
    }
}

void Publishers::begin(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    const Result<int> fd = begin_connect(common_.plan.wire.publish, 0);
    if (fd.has_error()) {
        common_.rig_problem("publisher cannot connect", outlet.publisher.name + ": " + fd.error().message);
        arm(index, deadline, common_.loop.now() + reconnect_delay);
        return;
    }
    outlet.fd = *fd;
    outlet.began = common_.loop.now();
    ++outlet.generation;
    outlet.state = Outlet::State::connecting;
    outlet.answered = false;
    if (const Status watched = common_.loop.watch(outlet.fd, EPOLLOUT, token_of(index)); watched.has_error()) {
        common_.rig_problem("publisher cannot connect", watched.error().message);
        close(index);
        return;
    }
    arm(index, deadline, common_.loop.now() + handshake_deadline);
}

void Publishers::on_connected(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    if (pending_error(outlet.fd) != 0) {
        lost(index, "refused");
        return;
    }
    if (ever_.size() < ever_max) {
        const ConnectionId id{index, outlet.generation};
        const ClientConnection connection{id, outlet.publisher.name, local_end(outlet.fd), common_.plan.wire.publish};
        ever_.push_back({connection, outlet.began, Established::Role::publisher});
    } else {
        common_.rig_problem("connection table full", "publishers' connections past the 100,000th cannot be told apart");
    }
    const Wire& wire = common_.plan.wire;
    if (wire.tls) outlet.tls = std::make_unique<tls::Session>(*wire.tls);
    if (outlet.over_http()) {
        if (!outlet.tls) return ready(index, common_.loop.turn());
        outlet.state = Outlet::State::handshaking;
        if (write(index, {})) watch_again(index);
        return;
    }
    WebSocketRequest request =
        websocket_request(wire, wire.websocket_publish_path, outlet.publisher.topic, {}, common_.random);
    outlet.accept = std::move(request.accept);
    outlet.state = Outlet::State::handshaking;
    if (write(index, request.text)) watch_again(index);
}

void Publishers::ready(std::uint32_t index, Nanos since) {
    Outlet& outlet = *outlets_[index];
    outlet.state = Outlet::State::ready;
    outlet.free_at = since;
    outlet.rig_lag.reset();
    ++outlet.deadline_timer;
    if (!outlet.over_http()) common_.recorder.count(outlet.connects, since);  // a push connection, to the target
    if (outlet.ever_ready) common_.recorder.count(outlet.reconnects, since);
    outlet.ever_ready = true;
    watch_again(index);
    pump(index);
}

/// The connection is of no more use. `why` is what the message that waits for an answer is rejected by.
void Publishers::lost(std::uint32_t index, std::string_view why) {
    Outlet& outlet = *outlets_[index];
    const bool at_once = outlet.answered;
    if (outlet.outstanding) {
        reject(outlet, why == "timeout" ? "timeout" : "unanswered", common_.loop.now());
    }
    if (!outlet.over_http()) withdraw_unacknowledged(outlet);
    outlet.outstanding = false;
    outlet.half_written.reset();
    close(index);
    if (!outlet.scheduling && outlet.backlog.empty()) return;
    if (at_once) {
        begin(index);
    } else {
        arm(index, deadline, common_.loop.now() + reconnect_delay);
    }
}

void Publishers::close(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    ++outlet.deadline_timer;
    outlet.closing = false;
    const bool between_frames = outlet.unsent.empty();
    outlet.unsent.clear();
    outlet.head = {};
    outlet.body.reset();
    outlet.written = 0;
    outlet.unacknowledged.clear();
    if (outlet.fd < 0) return;
    const int fd = std::exchange(outlet.fd, -1);
    const std::unique_ptr<tls::Session> tls = std::move(outlet.tls);
    const bool polite = outlet.state == Outlet::State::ready && outlet.stream && between_frames;
    outlet.state = Outlet::State::closed;
    outlet.stream.reset();
    std::string farewell;
    if (polite) {
        const auto mask = static_cast<std::uint32_t>(common_.random.next());
        append_frame(farewell, Opcode::close, close_payload(1000, {}), mask);
    }
    if (tls && between_frames) {
        tls->write(farewell);
        tls->close();
        farewell = tls->take_outgoing();
    }
    // A peer that does not take it learns from the FIN that follows.
    if (!farewell.empty()) (void)send_some(fd, farewell);
    if (!polite) {
        ::close(fd);
        return;
    }
    common_.lingering.take(fd, true);
}

void Publishers::on_ready(Token token, std::uint32_t events) {
    Outlet& outlet = *outlets_[token.index];
    if (outlet.generation != token.generation || outlet.fd < 0) return;
    if (outlet.state == Outlet::State::connecting) {
        on_connected(token.index);
        return;
    }
    if ((events & EPOLLOUT) != 0 && !flush(token.index)) return;
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) on_readable(token.index);
}

void Publishers::watch_again(std::uint32_t index) {
    const Outlet& outlet = *outlets_[index];
    const std::uint32_t events = EPOLLIN | (outlet.unsent.empty() ? 0U : static_cast<std::uint32_t>(EPOLLOUT));
    if (const Status status = common_.loop.rewatch(outlet.fd, events, token_of(index)); status.has_error()) {
        common_.rig_problem("cannot watch a publisher", status.error().message);
    }
}

std::string Publishers::sealed(Outlet& outlet, std::string_view bytes) {
    if (!outlet.tls) return std::string(bytes);
    outlet.tls->write(bytes);
    return outlet.tls->take_outgoing();
}

/// False: the connection was lost over it.
bool Publishers::write(std::uint32_t index, std::string_view bytes) {
    Outlet& outlet = *outlets_[index];
    return outlet.tls ? write_on_wire(index, sealed(outlet, bytes)) : write_on_wire(index, bytes);
}

bool Publishers::write_on_wire(std::uint32_t index, std::string_view bytes) {
    Outlet& outlet = *outlets_[index];
    const std::ptrdiff_t sent = send_some(outlet.fd, bytes);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        lost(index, "unanswered");
        return false;
    }
    const std::size_t done = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    outlet.written += done;
    if (done == bytes.size()) return true;
    outlet.unsent = bytes.substr(done);
    watch_again(index);
    return true;
}

bool Publishers::flush(std::uint32_t index) {
    Outlet& outlet = *outlets_[index];
    if (outlet.unsent.empty()) return true;
    const std::string bytes = std::exchange(outlet.unsent, {});
    if (!write_on_wire(index, bytes)) return false;
    if (!outlet.unsent.empty()) return true;
    watch_again(index);
    outlet.free_at = std::max(outlet.free_at, common_.loop.turn());
    if (outlet.half_written) {
        accept(outlet, *outlet.half_written, common_.loop.turn());
        outlet.half_written.reset();
        if (outlet.closing) {
            close(index);
            return false;
        }
    }
    pump(index);
    return outlet.fd >= 0;
}

}  // namespace squall::workload
