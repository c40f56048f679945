#include "suites/engine/closing.hpp"

#include <poll.h>

#include <set>

#include "faults/core/clock.hpp"
#include "faults/kernel/socket_table.hpp"
#include "suites/engine/match.hpp"

namespace squall {
namespace {

constexpr int look_again_ms = 50;

bool the_process_has(kernel::TcpState state) {
    return state == kernel::TcpState::established || state == kernel::TcpState::close_wait;
}

std::set<Endpoint> peers_of_subscribers(const Views& views) {
    std::set<Endpoint> peers;
    const auto all = peers_at_target(views);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] && views.connections[i].role == workload::Established::Role::subscription) peers.insert(*all[i]);
    }
    return peers;
}

}  // namespace

Status look_at_held_sockets(const SampledTarget& target, const std::filesystem::path& log, Nanos until, Views& views) {
    if (!target.netns) return {};
    const auto peers = peers_of_subscribers(views);
    const auto look = [&]() -> Status {
        std::error_code no_log;  // a target that wrote nothing has declared nothing
        const auto size = std::filesystem::file_size(log, no_log);
        views.log_size_when_held = no_log ? 0 : size;
        const auto sockets = kernel::tcp_sockets();
        if (!sockets) return sockets.error();
        views.held.clear();
        for (const auto& socket : *sockets) {
            const bool theirs = socket.local.port == target.endpoint.port && peers.count(socket.remote) != 0;
            if (theirs && the_process_has(socket.state)) views.held[socket.remote] = kernel::to_string(socket.state);
        }
        return {};
    };
    for (;;) {
        if (auto looked = target.netns->run(look); !looked) return looked;
        if (views.held.empty() || monotonic_now() >= until) return {};
        poll(nullptr, 0, look_again_ms);
    }
}

boost::json::object declared_log_facts(const DeclaredLogContent& content) {
    boost::json::object reasons;
    boost::json::value dropped = std::uint64_t{0};
    for (const auto& disconnect : content.disconnects) {
        auto& count = reasons[disconnect.reason];
        count = (count.is_null() ? 0 : count.as_int64()) + 1;
        if (!disconnect.dropped) {
            dropped = nullptr;
        } else if (auto* sum = dropped.if_uint64()) {
            *sum += *disconnect.dropped;
        }
    }
    return {{"disconnects", reasons}, {"dropped", dropped}, {"lines_not_understood", content.lines_not_understood}};
}

}  // namespace squall
