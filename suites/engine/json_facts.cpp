#include "suites/engine/json_facts.hpp"

#include <algorithm>
#include <string_view>

namespace squall {

boost::json::array json_restarts(const std::vector<Restart>& restarts, Nanos ready_within, Nanos origin) {
    const auto instant = [origin](Nanos at) { return at == 0 ? boost::json::value(nullptr) : at - origin; };
    boost::json::array array;
    for (const Restart& restart : restarts) {
        array.push_back({{"pid", restart.pid},
                         {"told_at_ns", instant(restart.told_at)},
                         {"ended_at_ns", instant(restart.ended_at)},
                         {"how", restart.how},
                         {"new_pid", restart.new_pid},
                         {"started_at_ns", instant(restart.started_at)},
                         {"ready_at_ns", instant(restart.ready_at)},
                         {"ready_within_ns", ready_within},
                         {"seen_until_ns", instant(restart.seen_until)}});
    }
    return array;
}

boost::json::object declares(const Profile& profile) {
    const auto on_the_page = [&profile](std::string_view metric) {
        return std::any_of(profile.metrics.begin(), profile.metrics.end(),
                           [metric](const DeclaredMetric& declared) { return declared.metric == metric; });
    };
    return {{"drops", on_the_page("declared.drops")},
            {"disconnects", on_the_page("declared.disconnects")},
            {"reasons", profile.log.has_value()},
            {"ends", profile.log.has_value()},
            {"drops_by_connection", profile.log && !profile.log->dropped_key.empty()}};
}

boost::json::object chosen_protocol(const Scenario& scenario) {
    boost::json::object chosen{{"subscribe", to_string(Protocol::sse)}, {"publish", to_string(Protocol::sse)}};
    for (const auto& cohort : scenario.cohorts) {
        if (cohort.any_protocol) chosen["subscribe"] = to_string(cohort.protocol);
    }
    for (const auto& publisher : scenario.publishers) {
        if (publisher.any_way) chosen["publish"] = to_string(publisher.via);
    }
    return chosen;
}

}  // namespace squall
