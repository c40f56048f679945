// What becomes of the packets of some connections in the path: lost, all or some of them, or answered with a reset.
// Each rule is an nftables table of its own, so that rules do not know of each other and one goes in one step.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faults/kernel/nft.hpp"

namespace squall::kernel {

class OffloadPause;

/// Handshakes are all that tells a connection that is yet to come: its SYN to the listener, and the SYN-ACK.
struct Handshakes {
    Endpoint listener;
    bool of_proxy = false;  ///< those of the proxy in the path only, instead of those that are forwarded
};

struct Treatment {
    enum class Action {
        drop,
        reset,     ///< dropped, and its sender gets an RST; resets themselves pass
        classify,  ///< passes, with `number` for its priority: a Shaper behind it looks for that
        mark,      ///< passes, with `number` for its mark: a Duplicator behind it looks for that
    };
    Action action = Action::drop;
    Direction direction = Direction::both;
    double share = 1;               ///< of the packets, drawn one by one (nftables numgen random)
    std::uint32_t longer_than = 0;  ///< bytes of an IP packet; 0: of any length
    std::uint32_t number = 0;
    bool as_on_a_wire = false;  ///< packets are cut to size, as they are wherever share or length matters
    std::optional<Handshakes> handshakes = {};  ///< treated beside the connections that are added

    bool counts_wire_packets() const { return share < 1 || longer_than > 0 || as_on_a_wire; }
};

struct PathCount {
    struct Packets {
        std::uint64_t treated = 0;
        std::uint64_t passed = 0;  ///< of the same connections, but another length, or spared by the draw
        std::uint64_t total() const { return treated + passed; }
    };
    Packets to_target;
    Packets to_client;
    Packets handshakes;
    struct Met {
        Flow flow;
        std::uint64_t packets = 0;  ///< treated or passed, of both directions
    };
    std::vector<Met> flows = {};  ///< those that were added, in order

    Packets all() const {
        return {to_target.treated + to_client.treated + handshakes.treated,
                to_target.passed + to_client.passed + handshakes.passed};
    }
};

class PathRule {
public:
    static Result<std::unique_ptr<PathRule>> create(const Namespace& path, const std::string& table,
                                                    const Treatment& treatment,
                                                    std::shared_ptr<OffloadPause> wire_packets);
    ~PathRule();  ///< removes it

    Status treat(const std::vector<Flow>& flows);
    /// Treatment::share from now on. The counters go on.
    Status set_share(double share);
    /// For connections that have ended: whoever gets their addresses next is not meant. What they met still counts.
    Status release(const std::vector<Flow>& flows);
    Result<PathCount> count() const;
    Status remove();  ///< idempotent; there is nothing to count afterwards

private:
    PathRule(Namespace path, std::string table, const Treatment& treatment);
    std::string change(const char* verb, std::span<const Flow> batch) const;

    Namespace path_;
    std::string table_;
    Treatment treatment_;
    std::shared_ptr<OffloadPause> wire_packets_;
    std::vector<Flow> flows_;
    std::map<Flow, std::uint64_t> released_;  ///< with the packets that they had met
    bool in_force_ = false;
};

}  // namespace squall::kernel
