// half-open: chosen connections on which one end believes in a peer that is not there any more.
// Each connection by itself; what the scenario does meanwhile (nothing, traffic, a stopped reader) decides which of the
// three states it meets: idle, with data in flight, or against a zero window. The witness reports which it was.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "faults/core/fault.hpp"
#include "faults/proxy/proxy.hpp"
#include "faults/proxy/target_view.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 200'000'000;

enum class Loss { both, to_target, to_client, rebooted };

class HalfOpen final : public Injection {
public:
    HalfOpen(Rig& rig, Loss loss, std::vector<proxy::TargetSide> chosen)
        : clients_(rig.clients),
          filter_(*rig.path_filter),
          view_(rig),
          loss_(loss),
          chosen_(std::move(chosen)),
          seen_(chosen_.size()) {}

    ~HalfOpen() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: half-open: %s\n", healed.error().message.c_str());
        }
    }

    Status begin() {
        if (auto cut = cut_off(); !cut) return cut;
        if (auto sampled = sample(); !sampled) return sampled;
        return leave_out_what_had_ended();
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        return sample();
    }

    Result<Witness> witness() override {
        if (auto sampled = sample(); !sampled) return sampled.error();
        const auto counts = filter_.counts();
        if (!counts) return counts.error();
        std::map<kernel::Flow, kernel::FlowCount> by_flow;
        for (const auto& count : *counts)
            by_flow[count.flow] = count;

        Totals totals;
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            if (seen_[i].aimed) totals.add(seen_[i], evidence_of(by_flow[chosen_[i].flow]));
        }
        return describe(totals);
    }

    Status heal() override {
        if (!in_force_) return {};
        if (auto restored = filter_.restore(proxy::flows_of(chosen_)); !restored) return restored;
        in_force_ = false;
        return {};
    }

private:
    struct Seen {
        bool aimed = true;         ///< false: it had ended before the fault reached it
        bool established = false;  ///< the target held it for ESTABLISHED after the injection
        bool queued = false;       ///< it had something in its send queue
        bool retransmitted = false;
        bool zero_window = false;  ///< the subscriber had closed its window: it had stopped reading
    };

    struct Totals {
        std::size_t aimed = 0, bitten = 0, established = 0, idle = 0, in_flight = 0, zero_window = 0, unclear = 0;
        std::uint64_t packets = 0;

        void add(const Seen& seen, std::uint64_t evidence) {
            ++aimed;
            bitten += evidence > 0;
            packets += evidence;
            established += seen.established;
            if (!seen.queued) {
                ++idle;
            } else if (seen.zero_window) {
                ++zero_window;
            } else if (seen.retransmitted) {
                ++in_flight;
            } else {
                ++unclear;  // queued, but too early for a retransmission
            }
        }
    };

    std::uint64_t evidence_of(const kernel::FlowCount& count) const {
        return loss_ == Loss::rebooted ? count.resets_to_target : count.dropped_to_target + count.dropped_to_client;
    }

    Status cut_off() {
        const auto flows = proxy::flows_of(chosen_);
        const auto ids = proxy::ids_of(chosen_);
        in_force_ = true;
        if (loss_ == Loss::rebooted) {
            if (auto watched = filter_.watch_resets(flows); !watched) return watched;
            const auto vanished = clients_.hang_up(ids, Hangup::vanish);
            if (!vanished) return vanished.error();
            return {};
        }
        const auto direction = loss_ == Loss::both        ? kernel::Direction::both
                               : loss_ == Loss::to_target ? kernel::Direction::to_target
                                                          : kernel::Direction::to_client;
        if (auto dropped = filter_.drop(flows, direction); !dropped) return dropped;
        clients_.mark_lost(ids);
        return {};
    }

    Status sample() {
        const auto sockets = view_.sockets(chosen_);
        if (!sockets) return sockets.error();
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            const auto& socket = (*sockets)[i];
            if (!socket || socket->state != kernel::TcpState::established) continue;
            seen_[i].established = true;
            seen_[i].queued = seen_[i].queued || socket->send_queue > 0;
            seen_[i].retransmitted = seen_[i].retransmitted || socket->retransmits > 0;
            seen_[i].zero_window = seen_[i].zero_window || socket->zero_window;
        }
        return {};
    }

    /// Connections come and go; one that ended between the choice and the cut cannot bear witness. A rebooted peer's
    /// may have met its reset already, so there the reset alone decides.
    Status leave_out_what_had_ended() {
        if (loss_ == Loss::rebooted) return {};
        std::size_t aimed = 0;
        for (Seen& seen : seen_)
            aimed += seen.aimed = seen.established;
        if (aimed == 0) return Error{"half-open: the target holds none of the chosen connections for ESTABLISHED"};
        return {};
    }

    Witness describe(const Totals& totals) const {
        const bool rebooted = loss_ == Loss::rebooted;
        Witness witness;
        witness.bit =
            totals.aimed > 0 && totals.bitten == totals.aimed && (rebooted || totals.established == totals.aimed);
        witness.evidence = fmt::format(
            "{} of {} connections {} ({} packets); the target held {} for ESTABLISHED afterwards; {} idle, {} with "
            "data in "
            "flight, {} against a zero window, {} not told",
            totals.bitten, totals.aimed, rebooted ? "were answered with a reset" : "lost packets", totals.packets,
            totals.established, totals.idle, totals.in_flight, totals.zero_window, totals.unclear);
        witness.measures = {
            {"connections", static_cast<double>(totals.aimed)},
            {rebooted ? "connections_reset" : "connections_with_drops", static_cast<double>(totals.bitten)},
            {rebooted ? "resets" : "packets_dropped", static_cast<double>(totals.packets)},
            {"established_at_target", static_cast<double>(totals.established)},
            {"idle", static_cast<double>(totals.idle)},
            {"in_flight", static_cast<double>(totals.in_flight)},
            {"zero_window", static_cast<double>(totals.zero_window)},
            {"state_not_told", static_cast<double>(totals.unclear)}};
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            if (seen_[i].aimed) witness.connections.push_back(chosen_[i].connection.id);
        }
        return witness;
    }

    Clients& clients_;
    kernel::PathFilter& filter_;
    proxy::TargetView view_;
    const Loss loss_;
    const std::vector<proxy::TargetSide> chosen_;
    std::vector<Seen> seen_;
    Nanos sampled_at_ = 0;
    bool in_force_ = false;
};

Loss loss_from(const std::string& state) {
    if (state == "to-target-lost") return Loss::to_target;
    if (state == "to-client-lost") return Loss::to_client;
    return state == "peer-rebooted" ? Loss::rebooted : Loss::both;
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    if (rig.path_filter == nullptr || rig.target_netns == nullptr) {
        return Error{
            "half-open needs a target in squall's own network: it drops packets in the path and reads the "
            "target's socket table"};
    }
    const Loss loss = loss_from(options.choice("state"));
    if (loss == Loss::rebooted && rig.proxy != nullptr) {
        return Error{
            "half-open: peer-rebooted needs a path without a proxy: a proxy would pass the reset of its own "
            "peer on, and the target would see that instead"};
    }
    const proxy::TargetView view(rig);
    auto chosen = view.resolve(choose(rig.clients.connections(aim.cohort), aim));
    if (chosen.empty()) return nobody_open("half-open", aim);
    auto injection = std::make_unique<HalfOpen>(rig, loss, std::move(chosen));
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "half-open",
    .summary = "Peers are gone without a word: a cable pulled, a phone in a tunnel, a NAT that forgot, a reboot.",
    .mechanism =
        "The path drops the packets of each chosen connection (nftables), or the subscriber's socket is dissolved "
        "without a packet (TCP_REPAIR) so that the target's next send meets a reset.",
    .privilege = "user namespace",
    .witness = "Each chosen connection lost at least one packet (or saw a reset) while the target's socket table still "
               "said ESTABLISHED.",
    .healing = "The path lets the packets through again.",
    .site = Site::path,
    .holds = "a connection's silence",
    .aimed = true,
    .needs = {"network-namespaces", "nftables", "socket-diagnostics", "tcp-repair"},
    .options =
        {
            {.name = "state",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "What is lost: both directions (peer-vanished), one of them, or the peer's memory (peer-rebooted).",
             .fallback = "peer-vanished",
             .choices = {"peer-vanished", "to-target-lost", "to-client-lost", "peer-rebooted"}},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
