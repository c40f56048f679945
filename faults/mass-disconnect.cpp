// mass-disconnect: many subscribers leave in the same instant; those that come back make a reconnect storm.
// When and how they come back is the cohort's reconnect policy, not this fault's.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "faults/core/fault.hpp"
#include "faults/proxy/target_view.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 100'000'000;

class MassDisconnect final : public Injection {
public:
    MassDisconnect(Rig& rig, Hangup how, std::vector<ClientConnection> chosen)
        : clients_(rig.clients), has_table_(rig.target_netns != nullptr), view_(rig), how_(how) {
        for (const auto& connection : chosen)
            ids_.push_back(connection.id);
        if (has_table_) watched_ = view_.resolve(chosen);
        gone_.resize(watched_.size());
    }

    Status begin() {
        const auto hung_up = clients_.hang_up(ids_, how_);
        if (!hung_up) return hung_up.error();
        hung_up_ = *hung_up;
        return {};
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        return sample();
    }

    Result<Witness> witness() override {
        if (auto sampled = sample(); !sampled) return sampled.error();
        const auto gone = static_cast<std::size_t>(std::count(gone_.begin(), gone_.end(), true));
        // The peers of vanished subscribers learn of it when they next send; that may be never.
        const bool told = how_ == Hangup::vanish || gone == watched_.size();
        Witness witness;
        witness.bit = hung_up_ == ids_.size() && told;
        witness.evidence = fmt::format("{} of {} connections hung up", hung_up_, ids_.size());
        if (has_table_) {
            witness.evidence += fmt::format("; the target holds {} of them for ESTABLISHED", watched_.size() - gone);
            witness.measures.push_back({"left_target_table", static_cast<double>(gone)});
        }
        witness.measures.push_back({"connections", static_cast<double>(ids_.size())});
        witness.measures.push_back({"hung_up", static_cast<double>(hung_up_)});
        witness.connections = ids_;
        return witness;
    }

    Status heal() override { return {}; }  // what has ended stays so; the subscribers' policy brings them back

private:
    Status sample() {
        if (!has_table_ || std::find(gone_.begin(), gone_.end(), false) == gone_.end()) return {};
        const auto sockets = view_.sockets(watched_);
        if (!sockets) return sockets.error();
        for (std::size_t i = 0; i < watched_.size(); ++i) {
            const auto& socket = (*sockets)[i];
            if (!socket || socket->state != kernel::TcpState::established) gone_[i] = true;
        }
        return {};
    }

    Clients& clients_;
    const bool has_table_;
    proxy::TargetView view_;
    const Hangup how_;
    std::vector<ConnectionId> ids_;
    std::vector<proxy::TargetSide> watched_;
    std::vector<bool> gone_;
    std::size_t hung_up_ = 0;
    Nanos sampled_at_ = -sample_interval;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const std::string& how = options.choice("how");
    auto chosen = choose(rig.clients.connections(aim.cohort), aim);
    if (chosen.empty()) return nobody_open("mass-disconnect", aim);
    auto injection = std::make_unique<MassDisconnect>(rig,
                                                      how == "reset"    ? Hangup::reset
                                                      : how == "vanish" ? Hangup::vanish
                                                                        : Hangup::close,
                                                      std::move(chosen));
    if (auto begun = injection->begin(); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "mass-disconnect",
    .summary = "Everybody leaves at once: a rollout, an outage of an access network; then everybody comes back.",
    .mechanism = "The chosen subscribers end their connections in one go; their reconnect policy makes the storm.",
    .privilege = "none for close and reset; user namespace for vanish",
    .witness = "As many connections were hung up as were chosen, and the target's socket table holds none of them for "
               "ESTABLISHED any more (not asked for where they vanish).",
    .healing = "Nothing to put back: the subscribers reconnect by their policy.",
    .site = Site::clients,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "how",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "How they leave: with the protocol's goodbye, with a reset, or without a packet.",
             .fallback = "close",
             .choices = {"close", "reset", "vanish"}},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
