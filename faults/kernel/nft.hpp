// nftables by libnftables, for the tables of a run in the path: commands, and sets of connections with counters.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

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

namespace nft {

/// What a set of connections is made of, and looked up by.
inline constexpr const char* key = "ip saddr . tcp sport . ip daddr . tcp dport";

/// A packet passes exactly one of the three: forwarded, or from or to the proxy that sits in the path.
inline constexpr const char* hooks[] = {"forward", "input", "output"};

/// Carries `commands` out inside `where`, all or none of them; returns what they print, as JSON.
Result<std::string> run(const Namespace& where, const std::string& commands);

std::string element(const Endpoint& from, const Endpoint& to);

/// `commands` that add or delete elements of one set; nothing for none.
template <class Keys>
std::string change(const char* verb, const std::string& table, const char* set, const Keys& keys) {
    if (keys.empty()) return "";
    return fmt::format("{} element inet {} {} {{ {} }}\n", verb, table, set, fmt::join(keys, ", "));
}

/// One transaction has to fit into a netlink send buffer, which only root may widen. What went before a batch that
/// fails stays in force and is known to be.
inline constexpr std::size_t batch_flows_max = 400;

template <class Work>
Status in_batches(std::span<const Flow> flows, Work work) {
    for (; !flows.empty(); flows = flows.subspan(std::min(batch_flows_max, flows.size()))) {
        if (auto done = work(flows.first(std::min(batch_flows_max, flows.size()))); !done) return done;
    }
    return {};
}

/// Of a listing (`list table`): each element of a set, with its source, destination and packets.
using UseElement = std::function<void(std::string_view set, const Endpoint&, const Endpoint&, std::uint64_t packets)>;
void for_each_element(const std::string& listing, const UseElement& use);

/// Of a listing: each named counter.
void for_each_counter(const std::string& listing,
                      const std::function<void(std::string_view name, std::uint64_t packets)>& use);

}  // namespace nft
}  // namespace squall::kernel
