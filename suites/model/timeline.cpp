#include "suites/model/timeline.hpp"

#include <algorithm>

#include "suites/model/overloaded.hpp"

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
    return heal_a != nullptr && heal_b != nullptr && heal_a->fault > heal_b->fault;
}

}  // namespace

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
            const FaultUse& use = phase.faults[f];
            const Nanos inject = std::min(at + use.at, end);
            steps.push_back({inject, Inject{p, f}});
            steps.push_back({use.lasts ? std::min(inject + *use.lasts, end) : end, Heal{p, f}});
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
