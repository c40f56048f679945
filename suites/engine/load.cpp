#include "suites/engine/load.hpp"

#include <set>
#include <string>

namespace squall {

workload::Plan load_of(const Scenario& scenario, const Profile& profile) {
    workload::Plan plan;
    plan.cohorts = scenario.cohorts;
    plan.publishers = scenario.publishers;
    plan.seed = scenario.seed;
    for (auto& cohort : plan.cohorts) {
        if (!profile.topics) cohort.topic = "all";
    }
    for (auto& publisher : plan.publishers) {
        if (!profile.topics) publisher.topic = "all";
    }
    if (takes_messages(profile)) return plan;
    plan.observe = true;
    plan.publishers.clear();
    std::set<std::string> topics;
    for (const auto& cohort : plan.cohorts) {
        if (topics.insert(cohort.topic).second)
            plan.publishers.push_back({.name = cohort.topic, .topic = cohort.topic});
    }
    return plan;
}

}  // namespace squall
