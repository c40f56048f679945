// The nftables table of a run in the path's namespace: per-connection drops, each connection with its own counter.
// The table bears the run's name; nothing else is touched, nothing is flushed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/kernel/namespace.hpp"

namespace squall::kernel {

enum class Direction { to_target, to_client, both };

/// A connection as its packets look in the path: the client-side and the target-side end of one TCP connection.
struct Flow {
    Endpoint client;
    Endpoint server;
    friend auto operator<=>(const Flow&, const Flow&) = default;
};

struct FlowCount {
    Flow flow;
    std::uint64_t dropped_to_target = 0;  ///< packets
    std::uint64_t dropped_to_client = 0;
    std::uint64_t resets_to_target = 0;  ///< RST segments seen, for watched flows
};

class PathFilter {
public:
    /// Adds `table inet squall-RUN_ID` to `path`, with chains for forwarded, incoming and outgoing packets.
    static Result<std::unique_ptr<PathFilter>> create(const Namespace& path, const std::string& run_id);
    ~PathFilter();

    Status drop(const std::vector<Flow>& flows, Direction direction);
    Status restore(const std::vector<Flow>& flows);  ///< idempotent
    /// Counts resets from the client's end of these flows without dropping anything.
    Status watch_resets(const std::vector<Flow>& flows);
    /// Counters of all flows that were ever dropped or watched and not restored since.
    Result<std::vector<FlowCount>> counts() const;

private:
    struct State;
    explicit PathFilter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall::kernel
