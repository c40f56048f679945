#include "faults/kernel/path_rule.hpp"

#include <cmath>
#include <cstdio>
#include <set>
#include <string_view>

#include "faults/kernel/offload.hpp"

namespace squall::kernel {
namespace {

// Sets of connections, and the chain of each with what is done to its packets.
constexpr const char* to_target = "to-target";
constexpr const char* to_client = "to-client";
constexpr const char* handshakes = "handshakes";

constexpr std::uint32_t draws = 1'000'000;

std::string action(const Treatment& treatment) {
    if (treatment.action == Treatment::Action::reset) return "reject with tcp reset";
    if (treatment.action == Treatment::Action::drop) return "drop";
    if (treatment.action == Treatment::Action::mark) return fmt::format("meta mark set {} accept", treatment.number);
    return fmt::format("meta priority set {:x}:{:x} accept", treatment.number >> 16, treatment.number & 0xffff);
}

std::string conditions(const Treatment& treatment) {
    std::string text;
    if (treatment.longer_than > 0) text += fmt::format("meta length > {} ", treatment.longer_than);
    if (treatment.share < 1) {
        text += fmt::format("numgen random mod {} < {} ", draws, std::lround(treatment.share * draws));
    }
    return text;
}

std::string add_rule(const std::string& table, std::string_view chain, const std::string& rule) {
    return fmt::format("add rule inet {} {} {}\n", table, chain, rule);
}

/// Of the chain of a set: what is done to its packets.
std::string treating_rules(const std::string& table, const char* chain, const Treatment& treatment) {
    std::string text;
    if (std::lround(treatment.share * draws) > 0) {
        text = add_rule(table, chain,
                        fmt::format("{}counter name {}-treated {}", conditions(treatment), chain, action(treatment)));
    }
    return text + add_rule(table, chain, fmt::format("counter name {}-passed", chain));
}

class Script {
public:
    Script(const std::string& table, const Treatment& treatment) : table_(table), treatment_(treatment) {
        text_ = fmt::format("create table inet {}\n", table_);
        for (const char* set : {to_target, to_client})
            text_ += fmt::format("add set inet {} {} {{ typeof {}; counter; }}\n", table_, set, nft::key);
        for (const char* chain : {to_target, to_client, handshakes})
            add_chain(chain);
        for (const char* hook : nft::hooks) {
            text_ += fmt::format("add chain inet {} {} {{ type filter hook {} priority 0; }}\n", table_, hook, hook);
            add_dispatch(hook);
        }
    }

    const std::string& text() const { return text_; }

private:
    void add_rule(std::string_view chain, const std::string& rule) { text_ += kernel::add_rule(table_, chain, rule); }

    void add_chain(const char* name) {
        text_ += fmt::format("add counter inet {} {}-treated\n", table_, name);
        text_ += fmt::format("add counter inet {} {}-passed\n", table_, name);
        text_ += fmt::format("add chain inet {} {}\n", table_, name);
        text_ += treating_rules(table_, name, treatment_);
    }

    void add_dispatch(const std::string& hook) {
        // Else the reset that answers would be answered itself, and never arrive.
        const char* except = treatment_.action == Treatment::Action::reset ? "tcp flags & rst == 0 " : "";
        for (const char* way : {to_target, to_client})
            add_rule(hook, fmt::format("{}{} @{} goto {}", except, nft::key, way, way));
        if (!treatment_.handshakes || treatment_.handshakes->of_proxy == (hook == "forward")) return;
        const Endpoint& listener = treatment_.handshakes->listener;
        const std::string text = to_string(listener);
        const std::string host = text.substr(0, text.find(':'));
        if (treatment_.direction != Direction::to_client) {
            add_rule(hook, fmt::format("ip daddr {} tcp dport {} tcp flags & (syn | ack) == syn goto {}", host,
                                       listener.port, handshakes));
        }
        if (treatment_.direction != Direction::to_target) {
            add_rule(hook, fmt::format("ip saddr {} tcp sport {} tcp flags & (syn | ack) == (syn | ack) goto {}", host,
                                       listener.port, handshakes));
        }
    }

    const std::string& table_;
    const Treatment& treatment_;
    std::string text_;
};

}  // namespace

PathRule::PathRule(Namespace path, std::string table, const Treatment& treatment)
    : path_(std::move(path)), table_(std::move(table)), treatment_(treatment) {}

PathRule::~PathRule() {
    if (const auto removed = remove(); !removed) std::fprintf(stderr, "squall: %s\n", removed.error().message.c_str());
}

Result<std::unique_ptr<PathRule>> PathRule::create(const Namespace& path, const std::string& table,
                                                   const Treatment& treatment,
                                                   std::shared_ptr<OffloadPause> wire_packets) {
    auto own_handle = path.duplicate();
    if (!own_handle) return own_handle.error();
    std::unique_ptr<PathRule> rule(new PathRule(std::move(*own_handle), table, treatment));
    rule->wire_packets_ = std::move(wire_packets);
    if (auto made = nft::run(rule->path_, Script(table, treatment).text()); !made) {
        return Error{"adding a rule to the path: " + made.error().message};
    }
    rule->in_force_ = true;
    return rule;
}

std::string PathRule::change(const char* verb, std::span<const Flow> batch) const {
    std::vector<std::string> there, back;
    for (const Flow& flow : batch) {
        if (treatment_.direction != Direction::to_client) there.push_back(nft::element(flow.client, flow.server));
        if (treatment_.direction != Direction::to_target) back.push_back(nft::element(flow.server, flow.client));
    }
    return nft::change(verb, table_, to_target, there) + nft::change(verb, table_, to_client, back);
}

Status PathRule::treat(const std::vector<Flow>& flows) {
    const auto done = nft::in_batches(flows, [&](std::span<const Flow> batch) -> Status {
        if (auto added = nft::run(path_, change("add", batch)); !added) return added.error();
        flows_.insert(flows_.end(), batch.begin(), batch.end());
        return {};
    });
    if (!done) return Error{"adding connections to a rule of the path: " + done.error().message};
    return {};
}

Status PathRule::set_share(double share) {
    treatment_.share = share;
    std::string commands;
    for (const char* chain : {to_target, to_client, handshakes})
        commands += fmt::format("flush chain inet {} {}\n", table_, chain) + treating_rules(table_, chain, treatment_);
    if (auto changed = nft::run(path_, commands); !changed) {
        return Error{"changing the share of a rule in the path: " + changed.error().message};
    }
    return {};
}

Status PathRule::release(const std::vector<Flow>& flows) {
    const auto counted = count();  // the counters go with the elements
    if (!counted) return counted.error();
    const std::set<Flow> ended(flows.begin(), flows.end());
    for (const auto& [flow, packets] : counted->flows) {
        if (ended.count(flow) != 0) released_[flow] = packets;
    }
    const auto done = nft::in_batches(flows, [&](std::span<const Flow> batch) -> Status {
        if (auto deleted = nft::run(path_, change("delete", batch)); !deleted) return deleted.error();
        return {};
    });
    if (!done) return Error{"taking ended connections out of a rule of the path: " + done.error().message};
    return {};
}

Result<PathCount> PathRule::count() const {
    const auto listing = nft::run(path_, fmt::format("list table inet {}", table_));
    if (!listing) return Error{"reading a rule's counters in the path: " + listing.error().message};
    PathCount count;
    nft::for_each_counter(*listing, [&](std::string_view name, std::uint64_t packets) {
        const std::string_view chain = name.substr(0, name.rfind('-'));
        PathCount::Packets& of_chain = chain == to_target   ? count.to_target
                                       : chain == to_client ? count.to_client
                                                            : count.handshakes;
        (name.ends_with("-treated") ? of_chain.treated : of_chain.passed) = packets;
    });
    std::map<Flow, std::uint64_t> met = released_;
    nft::for_each_element(*listing,
                          [&](std::string_view set, const Endpoint& from, const Endpoint& to, std::uint64_t packets) {
                              met[set == to_client ? Flow{to, from} : Flow{from, to}] += packets;
                          });
    for (const Flow& flow : flows_)
        count.flows.push_back({flow, met[flow]});
    return count;
}

Status PathRule::remove() {
    if (!in_force_) return {};
    if (auto deleted = nft::run(path_, fmt::format("delete table inet {}", table_)); !deleted) {
        return Error{"removing a rule from the path: " + deleted.error().message};
    }
    in_force_ = false;
    wire_packets_.reset();
    return {};
}

}  // namespace squall::kernel
