// What `squall certify` says of one server: a verdict a case and protocol, after Autobahn|Testsuite, and levels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/invariants/judge.hpp"

namespace squall::report {

/// After Autobahn|Testsuite, which has all but `inconclusive`: there, a rig that could not tell counts as the server's.
enum class CaseVerdict {
    ok,
    informational,  ///< nothing is required; what was measured is said
    non_strict,     ///< all that MUST be so is, something that SHOULD be so is not
    unimplemented,  ///< the server does not offer what the case is about
    inconclusive,   ///< the rig could not tell
    failed,         ///< something that MUST be so is not
};
std::string_view to_string(CaseVerdict verdict);  ///< "OK", "INFORMATIONAL", "NON-STRICT", …

struct CaseResult {
    std::string id;        ///< "3.2": group and number
    std::string name;      ///< the scenario's
    std::string group;     ///< "slow consumers and bounded memory"
    std::string summary;   ///< what is done
    std::string why;       ///< what a failure would mean in production
    std::string source;    ///< what makes it MUST or SHOULD: "RFC 6455 section 5.5.2"
    std::string protocol;  ///< "sse" or "websocket"
    CaseVerdict verdict = CaseVerdict::inconclusive;
    std::string reason;                     ///< one sentence; empty for OK
    std::string run;                        ///< run directory, relative to the certificate's; empty: it was not played
    std::vector<std::string> earlier_runs;  ///< that could not tell; it was played again
    std::string command;                    ///< plays it again
    double seconds = 0;
    Judgement judgement;
};

struct Level {
    std::string name;
    std::string meaning;  ///< to somebody who has to choose a server
    /// Ids that must be OK, NON-STRICT or INFORMATIONAL for every protocol offered; of a quick certificate the quick
    /// ones.
    std::vector<std::string> cases;
    bool reached = false;
};

struct Certificate {
    std::string server;          ///< the profile's name
    std::string summary;         ///< the profile's
    std::string version;         ///< of the server, as it says itself; empty: unknown
    std::string profile;         ///< file
    std::string squall_version;  ///< of squall
    std::string made_at;         ///< RFC 3339, UTC
    std::string host;            ///< "Linux 6.1.0, 2 CPUs, 24 GiB"
    std::string command;         ///< makes it again
    bool quick = false;
    std::vector<CaseResult> cases;  ///< by id, then protocol
    std::vector<Level> levels;      ///< lowest first
};

std::string tally(const std::vector<CaseResult>& cases);     ///< "21 OK, 2 NON-STRICT, 1 FAILED"
bool id_before(const std::string& a, const std::string& b);  ///< "3.10" stands behind "3.9"

/// Described by docs/reference/certificate.schema.json.
std::string to_json(const Certificate& certificate);
/// JUnit: a suite a server, a test case for each case and protocol. FAILED is a <failure>, INCONCLUSIVE an <error>.
std::string to_junit(const std::vector<Certificate>& certificates);
/// What to_json wrote. Errors name the key, and what would be right.
Result<Certificate> parse_certificate(std::string_view json, const std::string& file);

}  // namespace squall::report
