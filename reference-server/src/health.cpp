#include "reference-server/src/health.hpp"

#include "reference-server/src/admission.hpp"
#include "reference-server/src/overload.hpp"

namespace squall::reference {

std::vector<std::string_view> unready_reasons(const Hub& hub, Clock::time_point now) {
    std::vector<std::string_view> reasons;
    if (hub.draining) reasons.emplace_back("draining");
    if (!has_room(hub)) reasons.emplace_back("over_capacity");
    if (now < hub.over_budget_until || hub.metrics.held_bytes > queued_bytes_limit(hub.config))
        reasons.emplace_back("over_budget");
    if (now < hub.slow_share_until) reasons.emplace_back("slow_share");
    if (hub.accept_paused) reasons.emplace_back("file_descriptors");
    if (now < hub.lagging_until) reasons.emplace_back("loop_lag");
    return reasons;
}

}  // namespace squall::reference
