// What a target offers, as its profile has it, against what a scenario asks for. Known before anything is started.
#pragma once

#include <string>

#include "suites/targets/profile.hpp"

namespace squall {

bool offers(const Profile& profile, Protocol protocol);

/// Subscribers whose protocol is `any` take `subscribe`, publishers whose way is `any` HTTP before WebSocket, as far as
/// the target offers it. Without `subscribe`: the first that it offers, SSE before WebSocket.
void choose_protocol(Scenario& scenario, const Profile& profile, std::optional<Protocol> subscribe);

/// A protocol, or a way to publish, that the scenario uses and the target has not. Empty: nothing is missing.
std::string not_offered(const Scenario& scenario, const Profile& profile);

/// Besides: what a case of the certification suite is about, and the target does not claim to have. Several topics,
/// resumption, a readiness check, metrics, or a limit that the target can neither be told nor declares.
std::string unimplemented(const Scenario& scenario, const Profile& profile);

/// An invariant that would have to be waited for longer than the scenario lasts, the limits being what this target
/// declares. Empty: there is none.
std::string too_long(const Scenario& scenario, const Profile& profile);

}  // namespace squall
