// What the faults share that treat packets in the path: whom they are aimed at, which way, and how they say so.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/core/fault.hpp"
#include "faults/kernel/path_filter.hpp"
#include "faults/proxy/direction.hpp"
#include "faults/proxy/target_view.hpp"

namespace squall::proxy {

/// An error where the run has no path with a filter in it, or no target of squall's own.
Status check_path(const Rig& rig, const char* fault);

/// A rule of the path for the chosen connections. Those that had ended are left out: they cannot bear witness.
class AimedRule {
public:
    enum class Later {
        treated,  ///< as well: the next connection of a chosen subscriber, and handshakes if everybody is aimed at
        spared,
    };
    enum class Leg {
        target,      ///< the connection that ends at the target
        subscriber,  ///< the one that ends at the subscriber; without a proxy they are the same
    };
    /// Errors name `fault`: no path with a filter in it, or nobody to aim at. The rig must outlive the rule.
    static Result<AimedRule> begin(const Rig& rig, const Aim& aim, kernel::Treatment treatment, Later later,
                                   const char* fault);
    /// For those that choose_open() chose: several rules for the same ones.
    static Result<AimedRule> begin(const Rig& rig, const Aim& aim, kernel::Treatment treatment, Later later,
                                   const std::vector<TargetSide>& chosen, Leg leg = Leg::target);

    /// Treats those that came back, once they are there: before that, nothing tells the path whose they are. Lets go of
    /// those that neither the subscriber nor the target has any more: their ports may be somebody else's next.
    Status advance(Nanos since_injection);
    Status set_share(double share) { return rule_->set_share(share); }
    Result<kernel::PathCount> count() const { return rule_->count(); }
    /// Whoever is not there any more at the target's end did not get to say so: their clients are marked as lost.
    Status remove();

    std::size_t aimed() const { return aimed_; }  ///< at the injection
    std::size_t later() const { return ids_.size() - aimed_; }
    const std::vector<ConnectionId>& connections() const { return ids_; }
    /// How many of those that were aimed at met the rule with a packet at least.
    std::size_t met(const kernel::PathCount& counts) const;

private:
    AimedRule(const Rig& rig, const Aim& aim, Later later, Leg leg) : rig_(&rig), aim_(aim), later_(later), leg_(leg) {}
    Status treat(const std::vector<TargetSide>& sides);
    Status let_go_of_ended(const std::vector<ClientConnection>& open);
    kernel::Flow flow_of(const TargetSide& side) const;

    const Rig* rig_;
    Aim aim_;
    Later later_;
    Leg leg_;
    std::unique_ptr<kernel::PathRule> rule_;
    std::size_t aimed_ = 0;
    std::vector<ConnectionId> ids_;
    std::set<ConnectionId> treated_;
    std::set<std::uint32_t> subscribers_;
    std::map<ConnectionId, TargetSide> in_force_;
    Nanos looked_at_ = 0;
    Nanos let_go_at_ = 0;
};

/// The connections that are aimed at, at this moment. Errors name `fault`: no path to treat packets in, or nobody
/// there.
Result<std::vector<TargetSide>> choose_open(const Rig& rig, const Aim& aim, const char* fault);

/// Where the path sends, for faults that act there: each direction has an interface of its own. Behind a proxy what
/// goes to the subscriber is sent on the subscriber's leg, and what goes to the target on the target's.
struct Outlet {
    const char* name;  ///< for measures: "to_subscriber", "to_target"
    kernel::Direction direction;
    const char* interface;
    AimedRule::Leg leg;
};
std::vector<Outlet> outlets_of(const Options& options);  ///< those that direction_option() asks for

/// What a rule has done so far, as its fault tells it; the connections are added to it.
using RuleWitness = std::function<Witness(const AimedRule&, const kernel::PathCount&)>;

/// A fault that is a rule of the path, and nothing else. `share`: of the packets, over time, in place of the
/// treatment's.
std::unique_ptr<Injection> rule_injection(AimedRule rule, RuleWitness witness, std::optional<Curve> share = {});

/// The handshakes with the target, as the path sees them.
kernel::Handshakes handshakes_of(const Rig& rig);

}  // namespace squall::proxy
