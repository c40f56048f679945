#include "suites/invariants/contradiction.hpp"

#include <fmt/format.h>

#include <map>

#include "suites/invariants/ends.hpp"

namespace squall {
namespace {

using Words = std::set<std::string>;

/// The reasons that a close code can stand for (RFC 6455, section 7.4.1; 1012 and 1013: the IANA registry), with all
/// the latitude that servers take. Codes that are not here say nothing.
const std::map<std::string, Words>& meanings() {
    static const std::map<std::string, Words> all{
        {"close_1000", {"idle_timeout", "drain"}},
        {"close_1001", {"drain", "idle_timeout", "pong_timeout", "peer_unreachable"}},
        {"close_1002", {"protocol_error"}},
        {"close_1003", {"protocol_error"}},
        {"close_1007", {"protocol_error"}},
        {"close_1008",
         {"slow_consumer", "slow_share", "memory_budget", "write_timeout", "protocol_error", "message_too_big",
          "idle_timeout", "pong_timeout"}},
        {"close_1009", {"message_too_big"}},
        {"close_1011",
         {"internal_error", "slow_consumer", "slow_share", "memory_budget", "write_timeout", "pong_timeout",
          "idle_timeout", "peer_unreachable", "drain"}},
        {"close_1012", {"drain"}},
        {"close_1013", {"slow_consumer", "slow_share", "memory_budget", "write_timeout", "drain"}},
    };
    return all;
}

/// The words whose meaning is squall's own: docs/reference/metrics.md. A target's other words match no code.
bool is_known(const std::string& reason) {
    if (reason == "client_closed" || reason == "client_reset") return true;
    for (const auto& [code, reasons] : meanings()) {
        if (reasons.count(reason) != 0) return true;
    }
    return false;
}

}  // namespace

std::string contradiction(const Labels& end, const std::set<std::string>& words) {
    const std::string declared = label(end, "declared");
    if (declared.empty() || !label(end, "at_stop").empty() || blind(end)) return "";
    const std::string said = label(end, "said");
    if (!said.empty() && said != declared && (is_known(said) || words.count(said) != 0)) {
        return fmt::format("said {}, declared {}", said, declared);
    }
    const std::string seen = label(end, "seen");
    const auto meaning = meanings().find(seen);
    const bool announced = meaning != meanings().end() || seen == "eof_clean";
    if (!announced || !is_known(declared)) return "";
    const bool fits = meaning == meanings().end() ? declared != "client_closed" && declared != "client_reset"
                                                  : meaning->second.count(declared) != 0;
    return fits ? "" : fmt::format("seen {}, declared {}", seen, declared);
}

}  // namespace squall
