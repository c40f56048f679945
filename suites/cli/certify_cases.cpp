#include "suites/cli/certify_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "suites/cli/session.hpp"
#include "suites/targets/offered.hpp"
#include "suites/targets/reached.hpp"

namespace squall::cli {

std::vector<LoadedScenario> load_cases(const std::string& suite, std::vector<InputError>& errors) {
    const auto files = find_scenarios(suite);
    if (!files) {
        errors.push_back({suite, 0, 0, files.error().message});
        return {};
    }
    std::set<std::string> ids;
    std::vector<LoadedScenario> cases;
    for (auto& loaded : load_scenarios(*files, errors)) {
        const auto& scenario = loaded.scenario;
        if (!scenario.certify) {
            errors.push_back({scenario.file, 0, 0, "is no case of a certification suite: it has no section 'certify'"});
        } else if (!ids.insert(scenario.certify->id).second) {
            errors.push_back(
                {scenario.file, 0, 0, fmt::format("certify: id: '{}' is another case's, too", scenario.certify->id)});
        } else {
            cases.push_back(std::move(loaded));
        }
    }
    std::sort(cases.begin(), cases.end(), [](const LoadedScenario& a, const LoadedScenario& b) {
        return report::id_before(a.scenario.certify->id, b.scenario.certify->id);
    });
    return cases;
}

std::vector<CertifiedCase> cases_for(const std::vector<LoadedScenario>& cases, const Profile& profile) {
    std::vector<CertifiedCase> all;
    for (const auto& loaded : cases) {
        for (const Protocol protocol : {Protocol::sse, Protocol::websocket}) {
            CertifiedCase which{&loaded, loaded.scenario, protocol};
            choose_protocol(which.scenario, profile, protocol);
            const auto& cohorts = which.scenario.cohorts;
            const bool is_for_it = std::all_of(cohorts.begin(), cohorts.end(),
                                               [&](const Cohort& cohort) { return cohort.protocol == protocol; });
            if (is_for_it && offers(profile, protocol)) all.push_back(std::move(which));
        }
    }
    return all;
}

std::vector<report::Level> levels_of(const std::vector<CertifiedCase>& cases) {
    std::vector<report::Level> levels;
    for (const auto& known : certification_levels()) {
        report::Level level{std::string(known.name), std::string(known.meaning), {}, false};
        for (const auto& which : cases) {
            const auto& certify = *which.scenario.certify;
            const bool there = !level.cases.empty() && level.cases.back() == certify.id;
            if (certify.level == known.name && !there) level.cases.push_back(certify.id);
        }
        levels.push_back(std::move(level));
    }
    return levels;
}

report::CaseResult begin_result(const CertifiedCase& which, const std::vector<std::string>& command) {
    report::CaseResult result;
    result.id = which.scenario.certify->id;
    result.name = which.scenario.name;
    result.group = std::string(group_of(*which.scenario.certify));
    result.summary = which.scenario.summary;
    result.why = which.scenario.why;
    result.source = which.scenario.certify->source;
    result.protocol = std::string(to_string(which.protocol));
    result.command = joined(command);
    return result;
}

bool settle_without_play(const CertifiedCase& which, const Profile& profile, report::CaseResult& result) {
    if (auto lacks = unimplemented(which.scenario, profile); !lacks.empty()) {
        result.verdict = report::CaseVerdict::unimplemented;
        result.reason = std::move(lacks);
        return true;
    }
    if (auto problem = too_long(which.scenario, profile); !problem.empty()) {
        result.verdict = report::CaseVerdict::informational;
        result.reason = "not played: " + problem;
        return true;
    }
    if (const auto refusals = refused(which.scenario, profile); !refusals.empty()) {
        result.verdict = report::CaseVerdict::inconclusive;
        result.reason = "not played: " + refusals.front().message;
        return true;
    }
    return false;
}

}  // namespace squall::cli
