// What a run's facts say, for people: read leniently, since a run that went wrong has gaps in its facts, too.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "suites/metrics/history.hpp"

namespace squall::report {

/// One time that a fault was due.
struct Injected {
    std::string fault, name, phase, mechanism;
    std::uint64_t occurrence = 0;            ///< from 1; 0: not said
    std::optional<Nanos> from, until, seen;  ///< injected, healed; when its effect was seen first
    bool bit = false;
    std::string evidence;
    std::string problem;  ///< what went wrong at injecting or healing
};
std::vector<Injected> injections_of(const History& history);

/// How to run it again, as a shell takes it; empty: the facts do not say.
std::string command_of(const History& history);
std::string shell_line(const std::vector<std::string>& words);

/// What this run had to do without, and what its target was not told.
std::vector<std::string> notes_of(const History& history);
std::vector<std::string> rig_problems_of(const History& history);
/// Of the target's settings, in squall's vocabulary: name, value.
std::vector<std::pair<std::string, std::string>> settings_of(const History& history);
/// Title and text: run id, version, host, target … ; what is not known is not there.
std::vector<std::pair<std::string, std::string>> circumstances_of(const History& history);

}  // namespace squall::report
