#include "faults/kernel/path_filter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/close_range.h>
#include <nftables/libnftables.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <stdexcept>

namespace squall::kernel {
namespace json = boost::json;

namespace {

// Sets of the table: a packet's source and destination make the key, and each element has a counter of its own.
constexpr const char* to_target_set = "to-target";
constexpr const char* to_client_set = "to-client";
constexpr const char* resets_set = "resets";
constexpr const char* key = "ip saddr . tcp sport . ip daddr . tcp dport";

struct Membership {
    bool to_target = false;
    bool to_client = false;
    bool resets = false;
};

std::string address(const Endpoint& endpoint) {
    std::string text = to_string(endpoint);
    return text.replace(text.find(':'), 1, " . ");
}

std::string element(const Endpoint& from, const Endpoint& to) {
    return address(from) + " . " + address(to);
}

struct FreeContext {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

/// libnftables waits with select(), which cannot take a descriptor above 1,023, and a rig has many thousands. The
/// helper thread that carries out the work lets go of them all, for itself only, so that its sockets get small numbers.
Status leave_descriptors_behind() {
    if (close_range(3, ~0U, CLOSE_RANGE_UNSHARE) != 0) {
        return system_failure("giving a thread its own descriptors (close_range)", errno, "it needs Linux 5.9");
    }
    return {};
}

/// Called inside the path. A context for each call: libnftables opens its sockets in the caller's namespace whenever
/// it needs to, and keeps a copy of the ruleset that would grow stale.
Result<std::string> run_nft(const std::string& commands) {
    const std::unique_ptr<nft_ctx, FreeContext> context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return Error{"libnftables cannot start; is nf_tables in the kernel (modprobe nf_tables)?"};
    nft_ctx_buffer_output(context.get());
    nft_ctx_buffer_error(context.get());
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL);
    if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) != 0) {
        const char* said = nft_ctx_get_error_buffer(context.get());
        return Error{fmt::format("nftables: {}", said == nullptr || *said == '\0' ? "no reason given" : said)};
    }
    const char* output = nft_ctx_get_output_buffer(context.get());
    return std::string(output == nullptr ? "" : output);
}

/// `commands` that add or delete elements of one set; nothing for none.
template <class Keys>
std::string change(const char* verb, const std::string& table, const char* set, const Keys& keys) {
    if (keys.empty()) return "";
    return fmt::format("{} element inet {} {} {{ {} }}\n", verb, table, set, fmt::join(keys, ", "));
}

/// One transaction has to fit into a netlink send buffer, which only root may widen. What went before a batch that
/// fails stays in force and is known to be.
constexpr std::size_t batch_flows_max = 400;

template <class Work>
Status in_batches(std::span<const Flow> flows, Work work) {
    for (; !flows.empty(); flows = flows.subspan(std::min(batch_flows_max, flows.size()))) {
        if (auto done = work(flows.first(std::min(batch_flows_max, flows.size()))); !done) return done;
    }
    return {};
}

Endpoint endpoint_of(const json::value& host, const json::value& port) {
    const auto parsed = parse_endpoint(std::string(host.as_string()) + ":" + std::to_string(port.as_int64()));
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return *parsed;
}

/// What `nft -j list table` says of its sets: name, source, destination, packets.
template <class Use>
void for_each_element(const json::value& document, Use use) {
    for (const json::value& object : document.as_object().at("nftables").as_array()) {
        const json::value* set = object.as_object().if_contains("set");
        if (set == nullptr) continue;
        const json::value* elements = set->as_object().if_contains("elem");
        if (elements == nullptr) continue;
        const std::string_view name(set->as_object().at("name").as_string());
        for (const json::value& entry : elements->as_array()) {
            const json::object& described = entry.as_object().at("elem").as_object();
            const json::array& parts = described.at("val").as_object().at("concat").as_array();
            const auto packets = described.at("counter").as_object().at("packets").to_number<std::uint64_t>();
            use(name, endpoint_of(parts.at(0), parts.at(1)), endpoint_of(parts.at(2), parts.at(3)), packets);
        }
    }
}

}  // namespace

struct PathFilter::State {
    State(Namespace where, std::string name) : path(std::move(where)), table(std::move(name)) {}

    Namespace path;
    std::string table;
    mutable std::mutex mutex;  ///< faults and the proxy's thread both call
    std::map<Flow, Membership> flows;

    Status drop(std::span<const Flow> batch, Direction direction);
    Status watch_resets(std::span<const Flow> batch);
    Status restore(std::span<const Flow> batch);

    Result<std::string> nft(const std::string& commands) const {
        std::string output;
        const Status done = path.run([&]() -> Status {
            if (auto left = leave_descriptors_behind(); !left) return left;
            auto result = run_nft(commands);
            if (!result) return result.error();
            output = std::move(*result);
            return {};
        });
        if (!done) return done.error();
        return output;
    }
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

Result<std::unique_ptr<PathFilter>> PathFilter::create(const Namespace& path, const std::string& run_id) {
    auto own_handle = path.duplicate();
    if (!own_handle) return own_handle.error();
    auto state = std::make_unique<State>(std::move(*own_handle), "squall-" + run_id);

    std::string script = fmt::format("create table inet {}\n", state->table);
    for (const char* set : {to_target_set, to_client_set, resets_set}) {
        script += fmt::format("add set inet {} {} {{ typeof {}; counter; }}\n", state->table, set, key);
    }
    // A packet passes exactly one of the three: forwarded, or from or to the proxy that sits in the path.
    for (const char* hook : {"forward", "input", "output"}) {
        script += fmt::format("add chain inet {} {} {{ type filter hook {} priority 0; }}\n", state->table, hook, hook);
        script +=
            fmt::format("add rule inet {} {} tcp flags & rst == rst {} @{}\n", state->table, hook, key, resets_set);
        script += fmt::format("add rule inet {} {} {} @{} drop\n", state->table, hook, key, to_target_set);
        script += fmt::format("add rule inet {} {} {} @{} drop\n", state->table, hook, key, to_client_set);
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

    const json::value document = json::parse(*listing);
    for_each_element(document,
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

}  // namespace squall::kernel
