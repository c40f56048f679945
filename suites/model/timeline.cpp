#include "suites/model/timeline.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "suites/model/overloaded.hpp"
#include "suites/model/scenario_parts.hpp"

namespace squall {
namespace {

/// What comes first at one instant: the world is put back before the next thing is asked of it.
int rank(const Step& step) {
    return std::visit(
        overloaded{[](const Heal&) { return 0; }, [](const EndPhase&) { return 1; }, [](const StopLoad&) { return 2; },
                   [](const BeginPhase&) { return 3; }, [](const StartLoad&) { return 4; },
                   [](const Inject&) { return 5; }, [](const Finish&) { return 6; }},
        step.action);
}

/// Faults are taken back in the reverse order of their injection, as any nested change is.
bool before(const Step& a, const Step& b) {
    if (a.at != b.at) return a.at < b.at;
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    const Heal* heal_a = std::get_if<Heal>(&a.action);
    const Heal* heal_b = std::get_if<Heal>(&b.action);
    return heal_a != nullptr && heal_b != nullptr &&
           std::tie(heal_a->since, heal_a->fault) > std::tie(heal_b->since, heal_b->fault);
}

/// Of `most`, by the seed of one occurrence.
Nanos jitter_of(std::uint64_t seed, Nanos most) {
    const std::uint64_t drawn = scenario_parts::drawn_seed(seed, "every_jitter");
    return static_cast<Nanos>(static_cast<double>(drawn >> 11) * 0x1p-53 * static_cast<double>(most));
}

}  // namespace

std::size_t times_of(const FaultUse& use, Nanos phase_duration) {
    if (!use.every) return 1;
    const Nanos room = phase_duration - use.at - use.every_jitter - use.lasts.value_or(0);
    return room < 0 ? 0 : static_cast<std::size_t>(room / *use.every) + 1;
}

std::vector<Occurrence> occurrences(const FaultUse& use, Nanos phase_duration) {
    std::vector<Occurrence> all;
    const std::size_t times = times_of(use, phase_duration);
    for (std::size_t i = 0; i < times; ++i) {
        Occurrence one{.aim = use.aim};
        if (i > 0) one.aim.seed = scenario_parts::drawn_seed(use.aim.seed, std::to_string(i));
        one.from =
            std::min(use.at + static_cast<Nanos>(i) * use.every.value_or(0) + jitter_of(one.aim.seed, use.every_jitter),
                     phase_duration);
        one.until = use.lasts ? std::min(one.from + *use.lasts, phase_duration) : phase_duration;
        all.push_back(std::move(one));
    }
    return all;
}

std::vector<Step> timeline(const Scenario& scenario) {
    std::vector<Step> steps;
    Nanos at = 0;
    Nanos finish = 0;
    bool loaded = false;
    for (std::size_t p = 0; p < scenario.phases.size(); ++p) {
        const Phase& phase = scenario.phases[p];
        const Nanos end = at + phase.duration;
        if (loaded && !phase.load) steps.push_back({at, StopLoad{}});
        steps.push_back({at, BeginPhase{p}});
        if (!loaded && phase.load) steps.push_back({at, StartLoad{}});
        loaded = phase.load;
        for (std::size_t f = 0; f < phase.faults.size(); ++f) {
            const auto times = occurrences(phase.faults[f], phase.duration);
            for (std::size_t i = 0; i < times.size(); ++i) {
                steps.push_back({at + times[i].from, Inject{p, f, i}});
                steps.push_back({at + times[i].until, Heal{p, f, at + times[i].from}});
            }
        }
        steps.push_back({end, EndPhase{p}});
        if (phase.load) finish = end + scenario.settle;
        at = end;
    }
    if (loaded) steps.push_back({at, StopLoad{}});
    steps.push_back({std::max(at, finish), Finish{}});
    std::stable_sort(steps.begin(), steps.end(), before);
    return steps;
}

}  // namespace squall
