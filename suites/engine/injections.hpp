// The faults of a run: injected, advanced, healed, and written into the history's facts with their witness.
#pragma once

#include <boost/json/array.hpp>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "faults/core/fault.hpp"
#include "suites/engine/play.hpp"
#include "suites/engine/recorder.hpp"

namespace squall {

constexpr Nanos tick = 50'000'000;  ///< how often a run looks around, at least

class Injections {
public:
    Injections(Rig rig, Recorder& recorder, const std::set<std::string>& without, Observer& observer)
        : rig_(std::move(rig)), recorder_(recorder), without_(without), observer_(observer) {}

    /// `occurrence`: which of occurrences(); `due`: by the timeline.
    void inject(const Phase& phase, const FaultUse& use, std::size_t occurrence, Nanos due);
    void advance();
    /// Until then there is nothing to do; a fault whose effect has not been seen yet is looked at more often.
    Nanos next_look() const;
    void heal(const FaultUse& use);
    void heal_all();  ///< newest first

    /// One object a fault that was due: see docs/reference/run-directory.md.
    boost::json::array facts() const;

private:
    struct InForce {
        const FaultUse* use = nullptr;
        const Phase* phase = nullptr;
        std::size_t occurrence = 0;
        std::unique_ptr<Injection> injection;  ///< null: could not be injected, or healed
        Nanos due = 0;
        Nanos injected_at = 0;
        Nanos healed_at = 0;
        Nanos unseen_at = 0;             ///< when its witness was last looked at, and it had not bitten …
        std::optional<Nanos> seen_at{};  ///< … and when it had
        Nanos look_took = 0;
        std::string mechanism;
        std::string holds;  ///< of the fallback
        std::string error;
        std::string heal_error;
        Witness witness;
    };
    void end(InForce& fault);
    void look_for_effect(InForce& fault);
    Nanos next_look(const InForce& fault) const;
    static std::string name_of(const InForce& fault);
    std::string missing(const std::vector<std::string>& needs) const;
    void begin(InForce& fault, const Aim& aim);
    std::string in_the_way_of(const Fault& kind, const std::string& fallback_holds) const;

    Rig rig_;
    Recorder& recorder_;
    const std::set<std::string>& without_;
    Observer& observer_;
    std::vector<InForce> faults_;
};

}  // namespace squall
