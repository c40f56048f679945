// Which cases a certificate is made of, and what can be said of one without playing it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/cli/locate.hpp"
#include "suites/report/certificate.hpp"

namespace squall::cli {

/// One case over one protocol, resolved for a target.
struct CertifiedCase {
    const LoadedScenario* loaded = nullptr;
    Scenario scenario;
    Protocol protocol = Protocol::sse;
};

/// The suite's cases, by id. Scenarios without the section `certify` are mistakes, and so are ids that stand twice.
std::vector<LoadedScenario> load_cases(const std::string& suite, std::vector<InputError>& errors);

/// Each case once for each protocol that the target offers and the case is for.
std::vector<CertifiedCase> cases_for(const std::vector<LoadedScenario>& cases, const Profile& profile);

/// Every level, each with the ids of those cases that count for it.
std::vector<report::Level> levels_of(const std::vector<CertifiedCase>& cases);

/// Id, name, words and the command that plays it; no verdict yet.
report::CaseResult begin_result(const CertifiedCase& which, const std::vector<std::string>& command);

/// What can be said without playing it: unimplemented, longer than it can be waited for, or out of reach of a target
/// that was not launched. False: it has to be played.
bool settle_without_play(const CertifiedCase& which, const Profile& profile, report::CaseResult& result);

}  // namespace squall::cli
