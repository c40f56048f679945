// The nftables tables of a run in the path's namespace: per-connection drops, each connection with its own counter, and
// rules that treat packets in other ways. The tables bear the run's name; nothing else is touched, nothing is flushed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faults/kernel/nft.hpp"
#include "faults/kernel/path_rule.hpp"

namespace squall::kernel {

struct FlowCount {
    Flow flow;
    std::uint64_t dropped_to_target = 0;  ///< packets
    std::uint64_t dropped_to_client = 0;
    std::uint64_t resets_to_target = 0;  ///< RST segments seen, for watched flows
};

class PathFilter {
public:
    /// Adds `table inet squall-RUN_ID` to `path`, with chains for forwarded, incoming and outgoing packets.
    /// `ends` are the namespaces on both sides of it, whose eth0 cuts packets to size while a rule needs that.
    static Result<std::unique_ptr<PathFilter>> create(const Namespace& path, const std::string& run_id,
                                                      const std::vector<const Namespace*>& ends = {});
    ~PathFilter();

    Status drop(const std::vector<Flow>& flows, Direction direction);
    Status restore(const std::vector<Flow>& flows);  ///< idempotent
    /// Counts resets from the client's end of these flows without dropping anything.
    Status watch_resets(const std::vector<Flow>& flows);
    /// Counters of all flows that were ever dropped or watched and not restored since.
    Result<std::vector<FlowCount>> counts() const;

    /// A rule in a table of its own, `squall-RUN_ID-N`; without connections yet.
    Result<std::unique_ptr<PathRule>> add(const Treatment& treatment);

private:
    struct State;
    explicit PathFilter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall::kernel
