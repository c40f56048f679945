// Gives up on connections of the proxy that are silent for too long, and on one of its own (a canary) that is sure to
// be.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "faults/kernel/path_filter.hpp"
#include "faults/proxy/canary.hpp"
#include "faults/proxy/open_table.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall::proxy {

/// Belongs to the proxy's thread, but for what it has closed.
class IdleWatch {
public:
    /// Without a filter nothing can be lost in the path. `failed` hears what could not be done.
    IdleWatch(boost::asio::io_context& io, OpenTable& open, kernel::PathFilter* filter,
              std::function<void(Error)> failed)
        : open_(open), filter_(filter), failed_(std::move(failed)), timer_(io) {}

    /// Errors: it is no length of time; it would have to be silent, and there is no filter.
    Status check(const std::optional<IdleTimeout>& timeout) const;
    /// One that was checked; `front` is where the proxy listens.
    void apply(std::optional<IdleTimeout> timeout, Endpoint front);

    /// Whether the subscriber that has just been accepted is the canary.
    bool accept_canary(const Endpoint& client);
    Endpoint canary_sink() const { return canary_.sink(); }
    /// The packets of a connection from this port are dropped in the path.
    bool is_lost(std::uint16_t upstream_port) const { return lost_ports_.contains(upstream_port); }

    /// Since a timeout was applied last; from any thread.
    std::vector<ClosedPair> closes() const;
    std::optional<ClosedPair> canary_close() const;

private:
    void schedule_scan();
    void scan();
    void close(const OpenTable::Entry& due, Nanos now);
    bool drop_in_path(const std::vector<OpenTable::Entry>& due);

    OpenTable& open_;
    kernel::PathFilter* filter_;
    std::function<void(Error)> failed_;
    boost::asio::steady_timer timer_;
    std::optional<IdleTimeout> timeout_;
    Endpoint front_;
    Canary canary_;
    std::vector<kernel::Flow> canary_flows_;  ///< dropped by CloseBy::silence
    std::unordered_set<std::uint16_t> lost_ports_;

    mutable std::mutex mutex_;  ///< for what follows
    std::vector<ClosedPair> closes_;
    std::optional<ClosedPair> canary_close_;
};

}  // namespace squall::proxy
