// Every key of a profile, once, in the way of suites/model/scenario_keys.hpp.
#pragma once

#include <vector>

#include "suites/model/scenario_keys.hpp"

namespace squall {

std::vector<KeySpec> profile_keys();
std::vector<KeySpec> launch_keys();
std::vector<KeySpec> stop_keys();
std::vector<KeySpec> ready_keys();
std::vector<KeySpec> version_keys();
std::vector<KeySpec> tls_keys();
std::vector<KeySpec> sse_keys();
std::vector<KeySpec> websocket_keys();
std::vector<KeySpec> publish_keys();
std::vector<KeySpec> publish_http_keys();
std::vector<KeySpec> publish_websocket_keys();
std::vector<KeySpec> metrics_keys();
std::vector<KeySpec> metric_keys();
std::vector<KeySpec> log_keys();
std::vector<KeySpec> log_event_keys();

}  // namespace squall
