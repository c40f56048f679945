// The connections that a proxy has open, side by side: what looks at all of them every few milliseconds (idle timeouts,
// faults that close) reads one piece of memory, and touches a connection only to do something to it.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "faults/proxy/connection.hpp"

namespace squall::proxy {

class OpenTable {
public:
    struct Entry {
        std::shared_ptr<Connection> connection;
        Pair pair;
        Nanos since = 0;  ///< CLOCK_MONOTONIC, absolute
        Nanos last_byte = 0;
        bool canary = false;
        bool relaying = false;
    };

    void add(std::shared_ptr<Connection> connection, bool canary, Nanos now);
    void connected(const Connection& connection);
    void remove(const Connection& connection);

    const std::vector<Entry>& entries() const { return entries_; }
    std::size_t size() const { return entries_.size(); }
    const Entry& of(const Connection& connection) const { return entries_[connection.slot]; }
    void heard(const Connection& connection, Nanos now) { entries_[connection.slot].last_byte = now; }
    const Entry* find(const Endpoint& client) const;
    /// Of those that relay, without the canary's; each may end for it.
    void each_relaying(const std::function<void(Connection&)>& work) const;
    /// To go through while they end.
    std::vector<std::shared_ptr<Connection>> connections() const;

private:
    std::vector<Entry> entries_;
    std::unordered_map<Endpoint, Connection*, EndpointHash> by_client_;
};

}  // namespace squall::proxy
