// What happens, and what is broken while it does.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/scenario_parts.hpp"
#include "suites/model/suggest.hpp"
#include "suites/model/timeline.hpp"

namespace squall::scenario_parts {
namespace {

/// The fault that a section asks for, or a mistake: without it no other key of the section can be judged.
const Fault* fault_of(const YAML::Node& node, Mistakes& mistakes, const std::vector<Fault>& faults) {
    if (!node.IsMap()) {
        mistakes.add(node, "expected a fault, with the key 'fault' and its options, one a line");
        return nullptr;
    }
    for (const auto& pair : node) {
        if (!pair.first.IsScalar() || pair.first.Scalar() != "fault") continue;
        const std::string name = pair.second.IsScalar() ? pair.second.Scalar() : "";
        std::vector<std::string> known;
        for (const Fault& fault : faults) {
            if (fault.name == name) return &fault;
            known.push_back(fault.name);
        }
        mistakes.add(pair.second, fmt::format("fault: there is no '{}'; there are {}{}", name, fmt::join(known, ", "),
                                              did_you_mean(name, known)));
        return nullptr;
    }
    mistakes.add(node, "a fault needs the key 'fault': which");
    return nullptr;
}

void check_times(Section& section, const FaultUse& use, const Phase& phase) {
    if (phase.duration == 0) return;  // its own mistake
    const std::string end = format_quantity(to_seconds(phase.duration), dimension::time);
    if (use.at >= phase.duration) {
        section.mistake("at", fmt::format("the phase lasts {} only", end));
    } else if (use.lasts && use.at + use.every_jitter + *use.lasts > phase.duration) {
        section.mistake("for", fmt::format("the fault would outlive its phase, which lasts {}; without 'for' it stays "
                                           "until the phase ends",
                                           end));
    }
}

void check_repetition(Section& section, const FaultUse& use, const Phase& phase) {
    section.belongs("every_jitter", section.has("every"), "'every'");
    if (!use.every || phase.duration == 0 || use.at >= phase.duration) return;
    const auto time = [](Nanos n) { return format_quantity(to_seconds(n), dimension::time); };
    if (!use.lasts) {
        section.mistake("every", "needs to know how long each time lasts, such as for: 200ms");
    } else if (*use.lasts + use.every_jitter > *use.every) {
        section.mistake("every", fmt::format("the next time could begin before the one before has ended; expected {} "
                                             "at least: 'for'{}",
                                             time(*use.lasts + use.every_jitter),
                                             use.every_jitter > 0 ? " and 'every_jitter' together" : ""));
    } else if (const std::size_t times = times_of(use, phase.duration); times < 2) {
        section.mistake("every", fmt::format("phase '{}' lasts {}: there is no room for a second time", phase.name,
                                             time(phase.duration)));
    } else if (times > limits::occurrences) {
        section.mistake("every",
                        fmt::format("that would be {} times; at most {} are allowed, so that {} is the least "
                                    "here",
                                    times, limits::occurrences,
                                    time((phase.duration - use.at) / static_cast<Nanos>(limits::occurrences))));
    }
}

/// Which of the cohort's subscribers the scenario means, as ConnectionId::subscriber has it.
void read_subscriber(Section& section, const Scenario& scenario, Aim& aim) {
    if (!section.has("subscriber")) return;
    std::uint32_t number = 0;
    section.read("subscriber", number);
    if (section.has("share"))
        section.mistake("subscriber", "is one connection, and 'share' means several: leave one out");
    if (!section.has("cohort")) return section.mistake("subscriber", "is one of a cohort: the key 'cohort' is missing");
    std::uint32_t first = 0;
    for (const Cohort& cohort : scenario.cohorts) {
        if (cohort.name != aim.cohort) {
            first += cohort.connections;
            continue;
        }
        if (number > cohort.connections) {
            section.mistake("subscriber",
                            fmt::format("cohort '{}' has {} connections only", cohort.name, cohort.connections));
        }
        if (number > 0) aim.subscriber = first + number - 1;
        return;
    }
}

bool may_meet(const FaultUse& a, const FaultUse& b) {
    if (!a.fault->aimed || !b.fault->aimed || a.aim.cohort.empty() || b.aim.cohort.empty()) return true;
    if (a.aim.cohort != b.aim.cohort) return false;
    return !a.aim.subscriber || !b.aim.subscriber || a.aim.subscriber == b.aim.subscriber;
}

/// Whether the two can be in force at one instant, whatever is drawn.
bool may_overlap(const FaultUse& a, const FaultUse& b, Nanos phase_duration) {
    const auto begin = [](const FaultUse& use, std::size_t time) {
        return use.at + static_cast<Nanos>(time) * use.every.value_or(0);
    };
    const auto end = [&](const FaultUse& use, std::size_t time) {
        return use.lasts ? begin(use, time) + use.every_jitter + *use.lasts : phase_duration;
    };
    const std::size_t times_a = times_of(a, phase_duration), times_b = times_of(b, phase_duration);
    for (std::size_t i = 0, j = 0; i < times_a && j < times_b;) {
        if (begin(a, i) < end(b, j) && begin(b, j) < end(a, i)) return true;
        if (end(a, i) <= begin(b, j)) {
            ++i;
        } else {
            ++j;
        }
    }
    return false;
}

void check_company(Section& section, const FaultUse& use, const Phase& phase) {
    for (const FaultUse& other : phase.faults) {
        const bool same = !use.fault->holds.empty() && use.fault->holds == other.fault->holds;
        if (!same || !may_meet(use, other) || !may_overlap(use, other, phase.duration)) continue;
        section.mistake("fault",
                        fmt::format("'{}' and '{}' would be in force at once, and only one can be in charge of "
                                    "{}; let one end before the other begins{}",
                                    other.name, use.name, use.fault->holds,
                                    use.fault->aimed ? ", or aim them at different cohorts" : ""));
    }
}

void check_aim(Section& section, const FaultUse& use, const Phase& phase, const Scenario& scenario) {
    const auto known = names(scenario.cohorts);
    if (!use.aim.cohort.empty() && std::find(known.begin(), known.end(), use.aim.cohort) == known.end()) {
        section.mistake("cohort", fmt::format("there is no '{}'; there are {}{}", use.aim.cohort,
                                              fmt::join(known, ", "), did_you_mean(use.aim.cohort, known)));
    }
    if (use.fault->site == Site::proxy && !scenario.proxy) {
        section.mistake(
            "fault", fmt::format("{} needs a path with a proxy; write 'proxy: true' in the scenario", use.fault->name));
    }
    if (use.fault->aimed && !phase.load) {
        section.mistake("fault", fmt::format("{} is aimed at connections, but phase '{}' is without load and has none",
                                             use.fault->name, phase.name));
    }
}

FaultUse read_fault(Section& section, const Fault& fault, const Scenario& scenario) {
    FaultUse use;
    use.fault = &fault;
    use.name = fault.name;
    section.read("name", use.name);
    section.read_duration("at", use.at);
    if (section.has("for")) {
        use.lasts = nanos_per_second;
        section.read_duration("for", *use.lasts);
    }
    Nanos every = 0;
    section.read_duration("every", every);
    if (every > 0) use.every = every;
    section.read_duration("every_jitter", use.every_jitter);
    if (fault.aimed) {
        section.read("cohort", use.aim.cohort);
        section.read("share", use.aim.share);
        read_subscriber(section, scenario, use.aim);
    }
    for (const OptionSpec& option : fault.options) {
        if (auto value = section.option(option.name)) use.options.set(option.name, std::move(*value));
    }
    use.aim.seed = drawn_seed(scenario.seed, use.name);
    use.line = static_cast<std::size_t>(section.at("fault").Mark().line) + 1;
    use.column = static_cast<std::size_t>(section.at("fault").Mark().column) + 1;
    return use;
}

void read_faults(Section& section, Mistakes& mistakes, Scenario& scenario, Phase& phase,
                 const std::vector<Fault>& faults, std::vector<std::string>& fault_names) {
    for (const YAML::Node& node : section.list("faults", limits::faults)) {
        const Fault* fault = fault_of(node, mistakes, faults);
        if (fault == nullptr) continue;
        Section keys(mistakes, node, keys_of(*fault), "the fault " + fault->name);
        FaultUse use = read_fault(keys, *fault, scenario);
        check_times(keys, use, phase);
        check_repetition(keys, use, phase);
        check_aim(keys, use, phase, scenario);
        check_company(keys, use, phase);
        note_duplicate(keys, use.name, fault_names);
        fault_names.push_back(use.name);
        phase.faults.push_back(std::move(use));
    }
}

}  // namespace

void read_phases(Section& file, Mistakes& mistakes, Scenario& scenario, const std::vector<Fault>& faults) {
    std::vector<std::string> fault_names;
    for (const YAML::Node& node : file.list("phases", limits::phases)) {
        Section section(mistakes, node, phase_keys(), "a phase");
        Phase phase;
        section.read("name", phase.name);
        section.read_duration("duration", phase.duration);
        section.read("load", phase.load);
        note_duplicate(section, phase.name, names(scenario.phases));
        if (phase.name == "load" || phase.name == "run") {
            section.mistake("name", fmt::format("'{}' is taken: it means all of the {}", phase.name, phase.name));
        }
        read_faults(section, mistakes, scenario, phase, faults, fault_names);
        scenario.phases.push_back(std::move(phase));
    }
    if (fault_names.size() > limits::faults) {
        file.mistake("phases", fmt::format("have {} faults together; at most {} are allowed", fault_names.size(),
                                           limits::faults));
    }
}

}  // namespace squall::scenario_parts
