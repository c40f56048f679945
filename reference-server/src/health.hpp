// Whether the server is fit to serve.
#pragma once

#include <string_view>
#include <vector>

#include "reference-server/src/hub.hpp"

namespace squall::reference {

// Why a load balancer should send new clients elsewhere; empty when it need not. One word each:
// draining, over_capacity, over_budget, slow_share, file_descriptors, loop_lag.
std::vector<std::string_view> unready_reasons(const Hub& hub, Clock::time_point now);

}  // namespace squall::reference
