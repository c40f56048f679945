#include "suites/engine/match.hpp"

#include <algorithm>
#include <limits>

namespace squall {
namespace {

using Indexes = std::vector<std::size_t>;

/// All the connections that one peer's address stood for, and all the lines about it.
class OnePeer {
public:
    OnePeer(const Views& views, const Indexes& connections) : views_(views), connections_(connections) {}
    void line(const DeclaredDisconnect& declared) { lines_.push_back(&declared); }

    /// Backwards, so that each line goes to the latest connection that had begun by then and whose own line did not
    /// come later. A log without times leaves only the order.
    void settle(Matches& matches) const {
        std::size_t left = connections_.size();
        for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
            if (left == 0) {
                too_many(**line, matches);
                continue;
            }
            // Clocks differ a little: if all began later, the line is the first one's.
            const std::size_t begun = begun_by(**line, left);
            left = begun == 0 ? 0 : begun - 1;
            matches.lines[connections_[left]] = *line;
        }
    }

private:
    /// How many of the first `count` connections had begun when the line was written.
    std::size_t begun_by(const DeclaredDisconnect& line, std::size_t count) const {
        const Nanos cut = line.at % nanos_per_second == 0 ? nanos_per_second : 0;  // to whole seconds, as some logs do
        const Nanos at = line.at == 0 ? std::numeric_limits<Nanos>::max() : line.at + cut - views_.realtime_minus_run;
        while (count > 0 && views_.connections[connections_[count - 1]].since > at)
            --count;
        return count;
    }
    /// A connection's first line is its end, and the later one is too many.
    void too_many(const DeclaredDisconnect& line, Matches& matches) const {
        const std::size_t begun = std::max<std::size_t>(begun_by(line, connections_.size()), 1);
        const std::size_t connection = connections_[begun - 1];
        matches.surplus.push_back({std::exchange(matches.lines[connection], &line), connection});
    }

    const Views& views_;
    const Indexes& connections_;
    std::vector<const DeclaredDisconnect*> lines_;
};

}  // namespace

std::vector<std::optional<Endpoint>> peers_at_target(const Views& views) {
    std::vector<std::optional<Endpoint>> peers(views.connections.size());
    std::map<Endpoint, std::vector<Endpoint>> upstream;
    for (const proxy::Pair& pair : views.pairs)
        upstream[pair.client].push_back(pair.upstream);
    // From the last one back: an attempt that the proxy could not pass on has no pair, and was the earlier one.
    for (std::size_t i = peers.size(); i-- > 0;) {
        const auto& [connection, since, role] = views.connections[i];
        if (views.pairs.empty() || role == workload::Established::Role::publisher) {
            peers[i] = connection.local;  // publishers go past the proxy
            continue;
        }
        const auto found = upstream.find(connection.local);
        if (found == upstream.end() || found->second.empty()) continue;
        peers[i] = found->second.back();
        found->second.pop_back();
    }
    return peers;
}

Matches match(const Views& views, const std::vector<std::optional<Endpoint>>& peers) {
    std::map<Endpoint, Indexes> connections;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        if (peers[i]) connections[*peers[i]].push_back(i);
    }
    std::map<Endpoint, OnePeer> by_peer;
    for (auto& [peer, own] : connections) {
        std::stable_sort(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
            return views.connections[a].since < views.connections[b].since;
        });
        by_peer.emplace(peer, OnePeer(views, own));
    }
    Matches matches;
    matches.lines.resize(views.connections.size());
    for (const DeclaredDisconnect& line : views.declared) {
        const auto found = by_peer.find(line.peer);
        if (found != by_peer.end()) {
            found->second.line(line);
        } else if (line.peer.address != views.target.address) {
            matches.surplus.push_back({&line, std::nullopt});
        }
    }
    for (const auto& [peer, own] : by_peer)
        own.settle(matches);
    return matches;
}

}  // namespace squall
