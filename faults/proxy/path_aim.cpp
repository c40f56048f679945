#include "faults/proxy/path_aim.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::proxy {

OptionSpec direction_option(const char* fallback) {
    return {.name = "direction",
            .kind = OptionSpec::Kind::choice,
            .dimension = {},
            .doc = "Which packets: those to the target, those to the subscriber, or both.",
            .fallback = fallback,
            .choices = {"both", "to-target", "to-subscriber"}};
}

kernel::Direction direction_of(const Options& options) {
    const std::string& written = options.choice("direction");
    if (written == "to-target") return kernel::Direction::to_target;
    return written == "to-subscriber" ? kernel::Direction::to_client : kernel::Direction::both;
}

Status check_path(const Rig& rig, const char* fault) {
    if (rig.path_filter != nullptr && rig.target_netns != nullptr) return {};
    return Error{fmt::format("{} needs a target in squall's own network: it treats packets in the path to it", fault)};
}

Result<std::vector<TargetSide>> aim_in_path(const Rig& rig, const Aim& aim, const char* fault) {
    if (auto there = check_path(rig, fault); !there) return there.error();
    const TargetView view(rig);
    const auto resolved = view.resolve(choose(rig.clients.connections(aim.cohort), aim));
    const auto sockets = view.sockets(resolved);
    if (!sockets) return sockets.error();
    std::vector<TargetSide> held;
    for (std::size_t i = 0; i < resolved.size(); ++i) {
        const auto& socket = (*sockets)[i];
        if (socket && socket->state == kernel::TcpState::established) held.push_back(resolved[i]);
    }
    if (held.empty()) return Error{fmt::format("{}: no connection of cohort '{}' is open", fault, aim.cohort)};
    return held;
}

Result<std::unique_ptr<kernel::PathRule>> treat_in_path(const Rig& rig, const kernel::Treatment& treatment,
                                                        const std::vector<TargetSide>& chosen) {
    auto rule = rig.path_filter->add(treatment);
    if (!rule) return rule;
    if (auto treated = (*rule)->treat(flows_of(chosen)); !treated) return treated.error();
    return rule;
}

std::size_t met(const kernel::PathCount& counts, std::size_t count) {
    const auto end = counts.flows.begin() + static_cast<std::ptrdiff_t>(std::min(count, counts.flows.size()));
    return static_cast<std::size_t>(
        std::count_if(counts.flows.begin(), end, [](const auto& flow) { return flow.packets > 0; }));
}

}  // namespace squall::proxy
