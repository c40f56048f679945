// The scenario that expression tests speak of.
#pragma once

#include "suites/model/expression.hpp"

namespace squall {

inline Names expression_names() {
    return {.phases = {"baseline", "pressure", "cpu-capped", "quiet"},
            .cohorts = {"healthy", "slow"},
            .publishers = {"ticker"},
            .references = {{"setting.ping_interval", {1, dimension::time}},
                           {"setting.pong_deadline", {2, dimension::time}},
                           {"setting.queue_bytes_high", {1024, dimension::bytes}},
                           {"cohort.slow.connections", {20, dimension::none}},
                           {"phase.pressure.duration", {4, dimension::time}}}};
}

}  // namespace squall
