#include "faults/proxy/path_aim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "faults/kernel/testbed.hpp"

namespace squall::proxy {
namespace {

constexpr Nanos look_interval = 200'000'000;
constexpr Nanos let_go_interval = 1'000'000'000;

}  // namespace

Status check_path(const Rig& rig, const char* fault) {
    if (rig.path_filter != nullptr && rig.target_netns != nullptr) return {};
    return Error{fmt::format("{} needs a target in squall's own network: it treats packets in the path to it", fault)};
}

kernel::Handshakes handshakes_of(const Rig& rig) {
    return {.listener = rig.target, .of_proxy = rig.proxy != nullptr};
}

Result<std::vector<TargetSide>> choose_open(const Rig& rig, const Aim& aim, const char* fault) {
    if (auto there = check_path(rig, fault); !there) return there.error();
    const TargetView view(rig);
    const auto resolved = view.resolve(choose(rig.clients.connections(aim.cohort), aim));
    const auto sockets = view.sockets(resolved);
    if (!sockets) return sockets.error();
    std::vector<TargetSide> open;
    for (std::size_t i = 0; i < resolved.size(); ++i) {
        const auto& socket = (*sockets)[i];
        if (socket && socket->state == kernel::TcpState::established) open.push_back(resolved[i]);
    }
    if (open.empty()) return nobody_open(fault, aim);
    return open;
}

std::vector<Outlet> outlets_of(const Options& options) {
    const Outlet to_subscriber{"to_subscriber", kernel::Direction::to_client, kernel::Testbed::towards_clients,
                               AimedRule::Leg::subscriber};
    const Outlet to_target{"to_target", kernel::Direction::to_target, kernel::Testbed::towards_target,
                           AimedRule::Leg::target};
    switch (direction_of(options)) {
        case kernel::Direction::to_client:
            return {to_subscriber};
        case kernel::Direction::to_target:
            return {to_target};
        case kernel::Direction::both:
            break;
    }
    return {to_subscriber, to_target};
}

Result<AimedRule> AimedRule::begin(const Rig& rig, const Aim& aim, kernel::Treatment treatment, Later later,
                                   const char* fault) {
    const auto chosen = choose_open(rig, aim, fault);
    if (!chosen) return chosen.error();
    return begin(rig, aim, treatment, later, *chosen);
}

Result<AimedRule> AimedRule::begin(const Rig& rig, const Aim& aim, kernel::Treatment treatment, Later later,
                                   const std::vector<TargetSide>& chosen, Leg leg) {
    AimedRule aimed(rig, aim, later, leg);
    using Action = kernel::Treatment::Action;
    const bool of_the_target = treatment.action == Action::drop || treatment.action == Action::reset;
    if (later == Later::treated && aim.everybody() && of_the_target) treatment.handshakes = handshakes_of(rig);
    auto rule = rig.path_filter->add(treatment);
    if (!rule) return rule.error();
    aimed.rule_ = std::move(*rule);
    if (auto treated = aimed.treat(chosen); !treated) return treated.error();
    aimed.aimed_ = chosen.size();
    for (const ConnectionId& id : aimed.ids_)
        aimed.subscribers_.insert(id.subscriber);
    return aimed;
}

Status AimedRule::treat(const std::vector<TargetSide>& sides) {
    std::vector<kernel::Flow> flows;
    for (const TargetSide& side : sides)
        flows.push_back(flow_of(side));
    if (auto treated = rule_->treat(flows); !treated) return treated;
    for (const TargetSide& side : sides) {
        ids_.push_back(side.connection.id);
        treated_.insert(side.connection.id);
        in_force_.insert_or_assign(side.connection.id, side);
    }
    return {};
}

kernel::Flow AimedRule::flow_of(const TargetSide& side) const {
    return leg_ == Leg::target ? side.flow : kernel::Flow{side.connection.local, side.connection.remote};
}

Status AimedRule::let_go_of_ended(const std::vector<ClientConnection>& open) {
    std::set<ConnectionId> there;
    for (const ClientConnection& connection : open)
        there.insert(connection.id);
    std::vector<TargetSide> left;
    for (const auto& [id, side] : in_force_) {
        if (there.count(id) == 0) left.push_back(side);
    }
    if (left.empty()) return {};
    const auto sockets = TargetView(*rig_).sockets(left);
    if (!sockets) return sockets.error();
    std::vector<kernel::Flow> ended;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if ((*sockets)[i]) continue;  // the target does not know yet: that is what the rule is for
        ended.push_back(flow_of(left[i]));
        in_force_.erase(left[i].connection.id);
    }
    return ended.empty() ? Status() : rule_->release(ended);
}

Status AimedRule::advance(Nanos since_injection) {
    if (since_injection - looked_at_ < look_interval) return {};
    looked_at_ = since_injection;
    auto open = rig_->clients.connections(aim_.cohort);
    if (since_injection - let_go_at_ >= let_go_interval) {
        let_go_at_ = since_injection;
        if (auto done = let_go_of_ended(open); !done) return done;
    }
    if (later_ == Later::spared) return {};
    std::vector<ClientConnection> back;
    for (ClientConnection& connection : open) {
        const bool chosen = aim_.everybody() || subscribers_.contains(connection.id.subscriber);
        if (chosen && !treated_.contains(connection.id)) back.push_back(std::move(connection));
    }
    if (back.empty()) return {};
    return treat(TargetView(*rig_).resolve(back));
}

Status AimedRule::remove() {
    const TargetView view(*rig_);
    std::vector<ClientConnection> ours;
    for (ClientConnection& connection : rig_->clients.connections(aim_.cohort)) {
        if (treated_.contains(connection.id)) ours.push_back(std::move(connection));
    }
    const auto sides = view.resolve(ours);
    const auto sockets = view.sockets(sides);
    std::vector<ConnectionId> gone;
    for (std::size_t i = 0; sockets && i < sides.size(); ++i) {
        const auto& socket = (*sockets)[i];
        if (!socket || socket->state != kernel::TcpState::established) gone.push_back(sides[i].connection.id);
    }
    if (!gone.empty()) rig_->clients.mark_lost(gone);
    if (auto removed = rule_->remove(); !removed) return removed;
    return sockets ? Status() : Status(sockets.error());
}

std::size_t AimedRule::met(const kernel::PathCount& counts) const {
    const auto end = counts.flows.begin() + static_cast<std::ptrdiff_t>(std::min(aimed_, counts.flows.size()));
    return static_cast<std::size_t>(
        std::count_if(counts.flows.begin(), end, [](const auto& flow) { return flow.packets > 0; }));
}

namespace {

class RuleInjection final : public Injection {
public:
    RuleInjection(AimedRule rule, RuleWitness witness, std::optional<Curve> share)
        : rule_(std::move(rule)), tell_(std::move(witness)), share_(std::move(share)) {
        if (share_) in_force_ = share_->value_at(0);
    }

    Status advance(Nanos since_injection) override {
        if (auto advanced = rule_.advance(since_injection); !advanced || !share_) return advanced;
        const double share = share_->value_at(since_injection);
        return share == std::exchange(in_force_, share) ? Status{} : rule_.set_share(share);
    }
    Result<Witness> witness() override {
        const auto counts = rule_.count();
        if (!counts) return counts.error();
        Witness told = tell_(rule_, *counts);
        told.connections = rule_.connections();
        return told;
    }
    Status heal() override { return rule_.remove(); }

private:
    AimedRule rule_;
    const RuleWitness tell_;
    const std::optional<Curve> share_;
    double in_force_ = 0;
};

}  // namespace

std::unique_ptr<Injection> rule_injection(AimedRule rule, RuleWitness witness, std::optional<Curve> share) {
    return std::make_unique<RuleInjection>(std::move(rule), std::move(witness), std::move(share));
}

}  // namespace squall::proxy
