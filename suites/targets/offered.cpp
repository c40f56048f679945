#include "suites/targets/offered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "suites/model/overloaded.hpp"
#include "suites/model/scenario_parts.hpp"

namespace squall {
namespace {

/// Metrics that only the target's own page has, and this one's has not.
std::string missing_metric(const Expression& expression, const Profile& profile) {
    for (const Measurement& measured : measurements(expression)) {
        const std::string& metric = measured.metric;
        if (metric == "target.ready" && profile.ready_path.empty()) return "no readiness check (ready.path)";
        if (metric == "declared.scrapes" && profile.metrics_path.empty()) return "no metrics page (metrics.path)";
        static const std::set<std::string> declared{"queued.messages", "queued.bytes",   "queue.depth",
                                                    "queue.bytes",     "slow.consumers", "event_loop.lag"};
        const bool own = declared.count(metric) != 0 || metric.rfind("declared.", 0) == 0;
        const bool mapped = metric == "declared.scrapes" ||
                            std::any_of(profile.metrics.begin(), profile.metrics.end(),
                                        [&](const DeclaredMetric& known) { return known.metric == metric; });
        if (own && !mapped) return fmt::format("no metric of its own that says {}", metric);
    }
    return "";
}

void collect_settings(const NodePtr& node, std::set<std::string>& all) {
    if (!node) return;
    if (const auto* reference = std::get_if<Reference>(&node->what)) {
        if (reference->path.rfind("setting.", 0) == 0) all.insert(reference->path.substr(8));
    } else if (const auto* operation = std::get_if<Operation>(&node->what)) {
        collect_settings(operation->left, all);
        collect_settings(operation->right, all);
    }
}

std::set<std::string> settings_of(const Expression& expression) {
    std::set<std::string> all;
    collect_settings(expression.left, all);
    collect_settings(expression.right, all);
    std::visit(overloaded{[&](const Within& within) {
                              collect_settings(within.limit, all);
                              collect_settings(within.of.offset, all);
                          },
                          [&](const From& from) { collect_settings(from.since.offset, all); }, [](const auto&) {}},
               expression.when);
    return all;
}

}  // namespace

bool offers(const Profile& profile, Protocol protocol) {
    return !(protocol == Protocol::sse ? profile.sse_path : profile.websocket_path).empty();
}

void choose_protocol(Scenario& scenario, const Profile& profile, std::optional<Protocol> subscribe) {
    const auto first = offers(profile, Protocol::sse) ? Protocol::sse : Protocol::websocket;
    const bool http = !profile.publish_path.empty() || profile.websocket_publish_path.empty();
    choose_protocol(scenario, subscribe.value_or(first), http ? Protocol::sse : Protocol::websocket);
}

std::string not_offered(const Scenario& scenario, const Profile& profile) {
    for (const auto& cohort : scenario.cohorts) {
        if (offers(profile, cohort.protocol)) continue;
        return fmt::format("cohort {} subscribes over {}, and the profile of {} has no section '{}'", cohort.name,
                           to_string(cohort.protocol), profile.name, to_string(cohort.protocol));
    }
    if (!takes_messages(profile)) return {};
    for (const auto& publisher : scenario.publishers) {
        const bool http = publisher.via == Protocol::sse;
        if (!(http ? profile.publish_path : profile.websocket_publish_path).empty()) continue;
        return fmt::format("publisher {} publishes over {}, and the profile of {} has no 'publish.{}'", publisher.name,
                           http ? "HTTP" : "WebSocket", profile.name, http ? "http" : "websocket");
    }
    return {};
}

std::string unimplemented(const Scenario& scenario, const Profile& profile) {
    if (auto lacks = not_offered(scenario, profile); !lacks.empty()) return lacks;
    if (!takes_messages(profile) && !scenario.publishers.empty()) {
        return "it takes no messages, and the case publishes some (publish)";
    }
    const auto known = fit_settings(profile, scenario.settings).known;
    const bool resumes = scenario.certify && scenario.certify->needs_resume;
    std::set<std::string> topics;
    for (const auto& cohort : scenario.cohorts) {
        topics.insert(cohort.topic);
        if (resumes && squall::lacks(profile, cohort.protocol, Feature::resume)) {
            return "its profile says that it does not resume a stream (lacks)";
        }
    }
    if (topics.size() > 1 && !profile.topics) return "its profile says that it has no topics";
    for (const auto& invariant : scenario.invariants) {
        if (invariant.requirement == Requirement::informational) continue;
        for (const auto& setting : settings_of(invariant.expression)) {
            if (known.count(setting) == 0) return fmt::format("it does not declare its {}", setting);
        }
        if (const auto missing = missing_metric(invariant.expression, profile); !missing.empty()) {
            return "it has " + missing;
        }
    }
    return {};
}

std::string too_long(const Scenario& scenario, const Profile& profile) {
    Scenario fitted = scenario;
    fitted.settings = fit_settings(profile, scenario.settings).known;
    const Names names = names_of(fitted);
    for (const auto& invariant : scenario.invariants) {
        const auto settings = settings_of(invariant.expression);
        const bool known = std::all_of(settings.begin(), settings.end(),
                                       [&](const auto& setting) { return fitted.settings.count(setting) != 0; });
        if (!known || scenario_parts::window_problem(invariant.expression, fitted, names).empty()) continue;
        std::string values;
        for (const auto& setting : settings)
            values += fmt::format("{}{} {}", values.empty() ? "" : ", ", setting, fitted.settings.at(setting));
        return fmt::format("{}: longer than this case waits, by what the target declares: {}", invariant.name, values);
    }
    return {};
}

}  // namespace squall
