#include "suites/engine/match.hpp"

#include <algorithm>
#include <limits>

namespace squall {
namespace {

using Indexes = std::vector<std::size_t>;

/// A line of the target's log, and when it was written: some logs cut their times to seconds or milliseconds, and one
/// without times leaves only the order.
struct Line {
    Line(const DeclaredDisconnect& line, Nanos realtime_minus_run) : declared(&line) {
        if (line.at == 0) return;
        constexpr Nanos second = nanos_per_second;
        constexpr Nanos millisecond = second / 1000;
        from = line.at - realtime_minus_run;
        until = from + (line.at % second == 0 ? second : line.at % millisecond == 0 ? millisecond : 0);
    }
    const DeclaredDisconnect* declared;
    Nanos from = std::numeric_limits<Nanos>::min();
    Nanos until = std::numeric_limits<Nanos>::max();
};

/// All the connections that one peer's address stood for, and all the lines about it.
class OnePeer {
public:
    OnePeer(const Views& views, const Instants& seen_until, const Indexes& connections)
        : views_(views), seen_until_(seen_until), connections_(connections) {}
    void line(const DeclaredDisconnect& declared) { lines_.emplace_back(declared, views_.realtime_minus_run); }

    /// An address comes back only when the connection before is gone, so lines come in the order of the connections.
    /// Of all ways to give them out in that order: the one in which the most lines are somebody's; of these the one in
    /// which the fewest are contradicted; of these the one in which each line is the latest connection's.
    void settle(Matches& matches) const {
        const std::vector<std::size_t> best = best_sums();
        std::vector<const Line*> left_over;
        std::size_t connection = connections_.size();
        for (std::size_t line = lines_.size(); line > 0; --line) {
            const std::size_t sum = best[cell(connection, line)];
            if (sum == best[cell(connection, line - 1)]) {  // a connection's first line is its end
                left_over.push_back(&lines_[line - 1]);
                continue;
            }
            while (sum != best[cell(connection - 1, line - 1)] + worth(connection - 1, lines_[line - 1]))
                --connection;
            matches.lines[connections_[--connection]] = lines_[line - 1].declared;
        }
        for (auto line = left_over.rbegin(); line != left_over.rend(); ++line)
            too_many(**line, matches);
    }

private:
    std::size_t cell(std::size_t connections, std::size_t lines) const {
        return connections * (lines_.size() + 1) + lines;
    }
    /// What the first so many connections and lines come to, by cell.
    std::vector<std::size_t> best_sums() const {
        std::vector<std::size_t> best((connections_.size() + 1) * (lines_.size() + 1));
        for (std::size_t c = 1; c <= connections_.size(); ++c) {
            for (std::size_t l = 1; l <= lines_.size(); ++l) {
                const std::size_t value = worth(c - 1, lines_[l - 1]);
                const std::size_t with = value == 0 ? 0 : best[cell(c - 1, l - 1)] + value;
                best[cell(c, l)] = std::max({best[cell(c - 1, l)], best[cell(c, l - 1)], with});
            }
        }
        return best;
    }
    /// What it counts if the line is that connection's; 0: it cannot be. A line more outweighs all contradictions.
    std::size_t worth(std::size_t which, const Line& line) const {
        // Clocks differ a little: what is older than all of them is the first one's.
        const bool begun = which == 0 || since(which) <= line.until;
        if (!begun || process_gone(since(which), line.from)) return 0;
        return lines_.size() + (contradicted(seen_until_[connections_[which]], line) ? 1 : 2);
    }
    /// A process that has ended writes nothing: its connections have no line in what the next one wrote.
    bool process_gone(Nanos since, Nanos written) const {
        return std::any_of(views_.killed.begin(), views_.killed.end(), [&](const Views::Killed& killed) {
            return since <= killed.ended_at && killed.ended_at < written;
        });
    }
    /// Our side saw it end only after this line. An echo of the client's end comes after that end. And what the target
    /// ends is seen to end when it does, not only once the target has been told to stop. A packet on its way can make
    /// either look so: that is a reason to prefer another connection, and none to leave the line to nobody.
    bool contradicted(const std::optional<Nanos>& seen_until, const Line& line) const {
        if (!seen_until || line.until >= *seen_until) return false;
        if (echoes_client(*line.declared)) return true;
        return std::any_of(views_.killed.begin(), views_.killed.end(), [&](const Views::Killed& killed) {
            return line.until < killed.told_at && killed.told_at <= *seen_until;
        });
    }
    /// The latest connection that had begun by then has one line too many, unless it has none and this can be its.
    void too_many(const Line& line, Matches& matches) const {
        std::size_t begun = connections_.size();
        while (begun > 1 && since(begun - 1) > line.until)
            --begun;
        const std::size_t connection = connections_[begun - 1];
        if (!matches.lines[connection] && worth(begun - 1, line) > 0) {
            matches.lines[connection] = line.declared;
        } else {
            matches.surplus.push_back({line.declared, connection});
        }
    }
    Nanos since(std::size_t which) const { return views_.connections[connections_[which]].since; }

    const Views& views_;
    const Instants& seen_until_;
    const Indexes& connections_;
    std::vector<Line> lines_;
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

bool echoes_client(const DeclaredDisconnect& line) {
    return line.reason == "client_closed" || line.reason == "client_reset";
}

Matches match(const Views& views, const std::vector<std::optional<Endpoint>>& peers, const Instants& seen_until) {
    std::map<Endpoint, Indexes> connections;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        if (peers[i]) connections[*peers[i]].push_back(i);
    }
    std::map<Endpoint, OnePeer> by_peer;
    for (auto& [peer, own] : connections) {
        std::stable_sort(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
            return views.connections[a].since < views.connections[b].since;
        });
        by_peer.emplace(peer, OnePeer(views, seen_until, own));
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
