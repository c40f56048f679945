#include "suites/workload/common.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace squall::workload {
namespace {

constexpr std::size_t read_buffer_bytes = 256 * 1024;

/// What descriptors are left when every subscriber holds one, less a few for everything else in the process.
std::size_t lingering_max(std::size_t subscribers) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'000;
    const std::size_t taken = subscribers + 512;
    return limit.rlim_cur > taken ? std::min<std::size_t>(limit.rlim_cur - taken, 20'000) : 0;
}

}  // namespace

Common::Common(Plan the_plan, std::size_t subscribers)
    : plan(std::move(the_plan)),
      run(run_hash(plan.run_id)),
      loop(plan.origin),
      lingering(loop, lingering_max(subscribers)),
      random(plan.seed, "workload"),
      published(plan.publishers.size()),
      observed(published),
      read_buffer(read_buffer_bytes),
      records_(plan.wire.tls ? read_buffer_bytes - tls::Session::record_bytes_max : 0) {}

void Common::rig_problem(const std::string& what, const std::string& detail) {
    if (rig_problems_++ >= rig_problems_max) return;
    recorder.event({loop.now(), "rig.problems", {{"what", what}, {"detail", detail}}, 1});
}

Common::Instant Common::arrival(Nanos realtime) const {
    if (realtime == 0) return {loop.turn(), false};
    const Nanos at = loop.from_realtime(realtime);
    // The read came after the turn began, and so may its last segment have.
    return {at <= loop.turn() ? at : std::min(at, loop.now()), true};
}

Received Common::read(int fd, tls::Session* tls, std::size_t size_max) {
    if (tls == nullptr) return receive(fd, read_buffer.data(), std::min(size_max, read_buffer.size()));
    using State = tls::Session::State;
    const auto without_plaintext = [&](Received received) {
        const bool ended = tls->state() == State::ended;
        received.bytes = ended ? 0 : -1;
        received.error = ended ? 0 : tls->state() == State::failed ? EPROTO : EAGAIN;
        return received;
    };
    if (tls->state() == State::ended || tls->state() == State::failed) return without_plaintext({});
    Received received = receive(fd, records_.data(), std::min(size_max, records_.size()));
    if (received.bytes <= 0) return received;
    const std::string_view records(records_.data(), static_cast<std::size_t>(received.bytes));
    received.bytes = static_cast<std::ptrdiff_t>(tls->feed(records, read_buffer.data()));
    return received.bytes > 0 ? received : without_plaintext(received);
}

}  // namespace squall::workload
