#include "faults/kernel/path_filter.hpp"

#include <cstdio>
#include <map>
#include <mutex>
#include <set>

#include "faults/kernel/offload.hpp"

namespace squall::kernel {
namespace {

using nft::change;
using nft::element;
using nft::in_batches;

// Sets of the table: a packet's source and destination make the key, and each element has a counter of its own.
constexpr const char* to_target_set = "to-target";
constexpr const char* to_client_set = "to-client";
constexpr const char* resets_set = "resets";

struct Membership {
    bool to_target = false;
    bool to_client = false;
    bool resets = false;
};

}  // namespace

struct PathFilter::State {
    State(Namespace where, std::string name) : path(std::move(where)), table(std::move(name)) {}

    Namespace path;
    std::string table;
    mutable std::mutex mutex;  ///< faults and the proxy's thread both call
    std::map<Flow, Membership> flows;
    std::vector<Namespace> ends;
    std::uint64_t rules_made = 0;
    std::weak_ptr<OffloadPause> offloads_paused;  ///< as long as a rule needs it

    Status drop(std::span<const Flow> batch, Direction direction);
    Status watch_resets(std::span<const Flow> batch);
    Status restore(std::span<const Flow> batch);

    Result<std::string> nft(const std::string& commands) const { return nft::run(path, commands); }
};

Status PathFilter::State::drop(std::span<const Flow> batch, Direction direction) {
    std::vector<std::string> to_target, to_client;
    for (const Flow& flow : batch) {
        if (direction != Direction::to_client) to_target.push_back(element(flow.client, flow.server));
        if (direction != Direction::to_target) to_client.push_back(element(flow.server, flow.client));
    }
    if (auto done =
            nft(change("add", table, to_target_set, to_target) + change("add", table, to_client_set, to_client));
        !done) {
        return Error{"dropping connections in the path: " + done.error().message};
    }
    for (const Flow& flow : batch) {
        Membership& in = flows[flow];
        in.to_target = in.to_target || direction != Direction::to_client;
        in.to_client = in.to_client || direction != Direction::to_target;
    }
    return {};
}

Status PathFilter::State::watch_resets(std::span<const Flow> batch) {
    std::vector<std::string> keys;
    for (const Flow& flow : batch)
        keys.push_back(element(flow.client, flow.server));
    if (auto done = nft(change("add", table, resets_set, keys)); !done) {
        return Error{"watching connections in the path: " + done.error().message};
    }
    for (const Flow& flow : batch)
        flows[flow].resets = true;
    return {};
}

Status PathFilter::State::restore(std::span<const Flow> batch) {
    std::set<std::string> to_target, to_client, resets;  // a flow may be named twice; an element goes only once
    for (const Flow& flow : batch) {
        const auto found = flows.find(flow);
        if (found == flows.end()) continue;
        if (found->second.to_target) to_target.insert(element(flow.client, flow.server));
        if (found->second.to_client) to_client.insert(element(flow.server, flow.client));
        if (found->second.resets) resets.insert(element(flow.client, flow.server));
    }
    const std::string commands = change("delete", table, to_target_set, to_target) +
                                 change("delete", table, to_client_set, to_client) +
                                 change("delete", table, resets_set, resets);
    if (commands.empty()) return {};
    if (auto done = nft(commands); !done) return Error{"restoring connections in the path: " + done.error().message};
    for (const Flow& flow : batch)
        flows.erase(flow);
    return {};
}

PathFilter::PathFilter(std::unique_ptr<State> state) : state_(std::move(state)) {}

PathFilter::~PathFilter() {
    if (const auto deleted = state_->nft(fmt::format("delete table inet {}", state_->table)); !deleted) {
        std::fprintf(stderr, "squall: removing the table %s: %s\n", state_->table.c_str(),
                     deleted.error().message.c_str());
    }
}

Result<std::unique_ptr<PathFilter>> PathFilter::create(const Namespace& path, const std::string& run_id,
                                                       const std::vector<const Namespace*>& ends) {
    auto own_handle = path.duplicate();
    if (!own_handle) return own_handle.error();
    auto state = std::make_unique<State>(std::move(*own_handle), "squall-" + run_id);
    for (const Namespace* end : ends) {
        auto handle = end->duplicate();
        if (!handle) return handle.error();
        state->ends.push_back(std::move(*handle));
    }

    std::string script = fmt::format("create table inet {}\n", state->table);
    for (const char* set : {to_target_set, to_client_set, resets_set}) {
        script += fmt::format("add set inet {} {} {{ typeof {}; counter; }}\n", state->table, set, nft::key);
    }
    for (const char* hook : nft::hooks) {
        script += fmt::format("add chain inet {} {} {{ type filter hook {} priority 0; }}\n", state->table, hook, hook);
        script += fmt::format("add rule inet {} {} tcp flags & rst == rst {} @{}\n", state->table, hook, nft::key,
                              resets_set);
        script += fmt::format("add rule inet {} {} {} @{} drop\n", state->table, hook, nft::key, to_target_set);
        script += fmt::format("add rule inet {} {} {} @{} drop\n", state->table, hook, nft::key, to_client_set);
    }
    if (auto made = state->nft(script); !made) {
        return Error{"making the table of the path's filter: " + made.error().message};
    }
    return std::unique_ptr<PathFilter>(new PathFilter(std::move(state)));
}

Status PathFilter::drop(const std::vector<Flow>& flows, Direction direction) {
    const std::lock_guard lock(state_->mutex);
    return in_batches(flows, [&](std::span<const Flow> batch) { return state_->drop(batch, direction); });
}

Status PathFilter::watch_resets(const std::vector<Flow>& flows) {
    const std::lock_guard lock(state_->mutex);
    return in_batches(flows, [&](std::span<const Flow> batch) { return state_->watch_resets(batch); });
}

Status PathFilter::restore(const std::vector<Flow>& flows) {
    const std::lock_guard lock(state_->mutex);
    return in_batches(flows, [&](std::span<const Flow> batch) { return state_->restore(batch); });
}

Result<std::vector<FlowCount>> PathFilter::counts() const {
    const std::lock_guard lock(state_->mutex);
    const auto listing = state_->nft(fmt::format("list table inet {}", state_->table));
    if (!listing) return Error{"reading the path's counters: " + listing.error().message};
    std::map<Flow, FlowCount> counts;
    for (const auto& [flow, membership] : state_->flows)
        counts[flow].flow = flow;

    nft::for_each_element(*listing,
                          [&](std::string_view set, const Endpoint& from, const Endpoint& to, std::uint64_t packets) {
                              const Flow flow = set == to_client_set ? Flow{to, from} : Flow{from, to};
                              const auto count = counts.find(flow);
                              if (count == counts.end()) return;
                              if (set == to_target_set) count->second.dropped_to_target = packets;
                              if (set == to_client_set) count->second.dropped_to_client = packets;
                              if (set == resets_set) count->second.resets_to_target = packets;
                          });
    std::vector<FlowCount> result;
    for (const auto& [flow, count] : counts)
        result.push_back(count);
    return result;
}

Result<std::unique_ptr<PathRule>> PathFilter::add(const Treatment& treatment) {
    const std::lock_guard lock(state_->mutex);
    auto paused = state_->offloads_paused.lock();
    if (!paused && !state_->ends.empty() && treatment.counts_wire_packets()) {
        auto pause = OffloadPause::begin(state_->ends);
        if (!pause) return pause.error();
        paused = std::move(*pause);
        state_->offloads_paused = paused;
    }
    return PathRule::create(state_->path, fmt::format("{}-{}", state_->table, ++state_->rules_made), treatment,
                            treatment.counts_wire_packets() ? paused : nullptr);
}

}  // namespace squall::kernel
