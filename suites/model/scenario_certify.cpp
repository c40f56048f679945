// What makes a scenario a case of the certification suite.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "suites/model/scenario_parts.hpp"

namespace squall {
namespace {

/// Of "3.2": 3; 0 if it is no such number.
std::size_t group_number(std::string_view id) {
    std::size_t group = 0, number = 0;
    const char* const end = id.data() + id.size();
    const auto [dot, wrong] = std::from_chars(id.data(), end, group);
    if (wrong != std::errc() || dot == end || *dot != '.') return 0;
    const auto [rest, bad] = std::from_chars(dot + 1, end, number);
    return bad == std::errc() && rest == end && number > 0 ? group : 0;
}

}  // namespace

std::string_view to_string(Requirement requirement) {
    switch (requirement) {
        case Requirement::must:
            return "must";
        case Requirement::should:
            return "should";
        case Requirement::informational:
            return "informational";
    }
    return "?";
}

const std::vector<std::string_view>& certification_groups() {
    static const std::vector<std::string_view> groups{"delivery",
                                                      "order and resume",
                                                      "slow consumers and bounded memory",
                                                      "liveness and half-open",
                                                      "idle timeouts and heartbeats",
                                                      "CPU pressure",
                                                      "memory pressure",
                                                      "bursts",
                                                      "reconnect storms",
                                                      "disconnect reasons",
                                                      "quiescence and leaks after load",
                                                      "honesty of health checks and metrics",
                                                      "hostile clients"};
    return groups;
}

const std::vector<CertificationLevel>& certification_levels() {
    static const std::vector<CertificationLevel> levels{
        {"delivers", "Whoever is connected and reads gets every message once, whole and in order, in bursts as well."},
        {"isolates",
         "A subscriber that is slow, gone or hostile is its own problem: the others notice nothing, and "
         "what is kept for it is bounded."},
        {"survives",
         "It lives through pressure, storms and restarts, everybody comes back, and afterwards it holds no "
         "more than before."},
        {"resumes", "A client that lost its connection is sent what it missed, once and in order."},
        {"honest", "What it tells subscribers, operators and load balancers is so."},
    };
    return levels;
}

std::string_view group_of(const CertificationCase& which) {
    return certification_groups().at(group_number(which.id) - 1);
}

namespace scenario_parts {

void read_certify(Section& file, Mistakes& mistakes, Scenario& scenario) {
    if (!file.has("certify")) return;
    Section section(mistakes, file.at("certify"), certify_keys(), "certify");
    CertificationCase& certify = scenario.certify.emplace();
    section.read("id", certify.id);
    section.read("source", certify.source);
    std::size_t level = certification_levels().size();
    section.read_choice("level", level);
    if (level < certification_levels().size()) certify.level = certification_levels()[level].name;
    section.read("needs_resume", certify.needs_resume);
    section.read("quick", certify.quick);
    const std::size_t group = group_number(certify.id);
    if (section.has("id") && (group < 1 || group > certification_groups().size())) {
        section.mistake("id", fmt::format("expected the number of a group, 1 to {}, and one in it, such as '3.2'",
                                          certification_groups().size()));
    }
    const bool required =
        std::any_of(scenario.invariants.begin(), scenario.invariants.end(),
                    [](const InvariantUse& i) { return i.requirement != Requirement::informational; });
    if (section.has("level") && !required) {
        section.mistake("level", "belongs to a case that requires something; all its invariants are informational");
    }
}

}  // namespace scenario_parts
}  // namespace squall
