// What happens, and what is broken while it does.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/scenario_parts.hpp"
#include "suites/model/suggest.hpp"

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
    } else if (use.lasts && use.at + *use.lasts > phase.duration) {
        section.mistake("for", fmt::format("the fault would outlive its phase, which lasts {}; without 'for' it stays "
                                           "until the phase ends",
                                           end));
    }
}

void check_aim(Section& section, const FaultUse& use, const Phase& phase, const Scenario& scenario) {
    const auto known = names(scenario.cohorts);
    if (!use.aim.cohort.empty() && std::find(known.begin(), known.end(), use.aim.cohort) == known.end()) {
        section.mistake("cohort", fmt::format("there is no '{}'; there are {}{}", use.aim.cohort,
                                              fmt::join(known, ", "), did_you_mean(use.aim.cohort, known)));
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
    if (fault.aimed) {
        section.read("cohort", use.aim.cohort);
        section.read("share", use.aim.share);
    }
    for (const OptionSpec& option : fault.options) {
        if (auto value = section.option(option.name)) use.options.set(option.name, std::move(*value));
    }
    use.aim.seed = drawn_seed(scenario.seed, use.name);
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
        check_aim(keys, use, phase, scenario);
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
