#include "suites/incident/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "suites/incident/planner.hpp"

namespace squall::incident {

Result<Plan> Planner::plan() {
    if (recognition_.recognised.empty()) {
        constexpr std::size_t most = 20;
        std::vector<std::string> names;
        for (const Series* series : recognition_.unknown)
            if (names.size() < most) names.push_back(series->name);
        return Error{fmt::format(
            "nothing was recognised{}{}: a replay needs the number of connections, a publish rate, latencies "
            "or the like; --map 'NAME=connections' says what a name is",
            names.empty() ? "" : " of ", fmt::join(names, ", "))};
    }
    messages();
    lateness();
    choose_speed();
    if (Status status = message_size(); !status) return status.error();
    if (Status status = connections(); !status) return status.error();
    sizes();
    if (Status status = slow_readers(); !status) return status.error();
    queue_bound();
    if (Status status = lead_in(); !status) return status.error();
    memory_cap();
    cpu_cap();
    deaths();
    move_connections();
    slow_course();
    churn();
    return std::move(plan_);
}

const Recognised* Planner::find(std::string_view word) const {
    for (const Recognised& one : recognition_.recognised)
        if (one.word() == word) return &one;
    return nullptr;
}

const Recognised* Planner::find_positive(std::string_view word) const {
    const Recognised* one = find(word);
    return one != nullptr && one->most() > 0 ? one : nullptr;
}

const Recognised* Planner::find_tail(std::string_view metric, std::initializer_list<const char*> statistics,
                                     double least, std::size_t points_min) const {
    for (const char* statistic : statistics) {
        const Recognised* one = find(fmt::format("{}({})", statistic, metric));
        if (one != nullptr && one->points.size() >= points_min && one->most() >= least) return one;
    }
    return nullptr;
}

void Planner::decide(Decision::By by, std::string what, std::string text) {
    plan_.decisions.push_back({by, std::move(what), std::move(text)});
}

long long Planner::replayed_count(double recorded) const {
    constexpr double most = 1e15;  // of which whole numbers can be told
    return std::llround(std::min(recorded * share_of_all_, most));
}

double Plan::published_at_first() const {
    for (const Point& point : publish_rate)
        if (point.value > 0) return point.value;
    return 0;
}

std::string_view to_string(Decision::By by) {
    switch (by) {
        case Decision::By::record:
            return "recorded";
        case Decision::By::inference:
            return "inferred";
        case Decision::By::default_value:
            return "chosen";
    }
    return "?";
}

double replayed_scale(const Plan& plan, const Scaling& scaling) {
    return std::pow(1 / plan.scale, scaling.connections) * std::pow(1 / plan.shrink, scaling.bytes) *
           std::pow(plan.speed, scaling.speed);
}

Result<Plan> plan_replay(const Recording& recording, const Recognition& recognition, const PlanOptions& options) {
    return Planner(recording, recognition, options).plan();
}

}  // namespace squall::incident
