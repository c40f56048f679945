// What `squall init` is told, as the profile that it is to check and write. Pure, but for the resolving of a name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/cli/commands.hpp"
#include "suites/targets/profile.hpp"

namespace squall::cli {

struct Url {
    bool tls = false;
    bool websocket = false;  ///< ws: or wss:
    std::string host;
    std::uint16_t port = 0;
    std::string target;  ///< path and query, with {topic} as it was

    std::string authority() const;  ///< for the Host header: without the port that goes without saying
};
/// http, https, ws and wss. Error: what is wrong with it.
Result<Url> parse_url(std::string_view text);

struct InitPlan {
    Profile profile;  ///< its address is not known yet
    Url server;       ///< the first URL: where everything is
    bool body_given = false;
};
/// Mistakes, all of them, go to `mistakes`; then there is no plan.
std::optional<InitPlan> plan_init(const InitArguments& arguments, std::vector<std::string>& mistakes);

/// The first IPv4 address of a name. Error: it has none.
Result<Endpoint> resolve(const Url& server);

/// Text that parse_profile() reads as this again; `notes` become comments above it.
std::string to_yaml(const Profile& profile, const std::vector<std::string>& notes);

}  // namespace squall::cli
