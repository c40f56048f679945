#include <fmt/format.h>

#include "suites/cli/commands.hpp"
#include "suites/cli/locate.hpp"
#include "suites/model/timeline.hpp"

namespace squall::cli {
namespace {

std::string accepts(const OptionSpec& option) {
    std::string text;
    switch (option.kind) {
        case OptionSpec::Kind::flag:
            text = "true or false";
            break;
        case OptionSpec::Kind::quantity:
            text = describe_dimension(option.dimension);
            break;
        case OptionSpec::Kind::curve:
            text = describe_dimension(option.dimension) + ", or over time: 'A -> B over 5s' or 'A, B at 2s, …'";
            break;
        case OptionSpec::Kind::choice:
            for (const auto& choice : option.choices)
                text += (text.empty() ? "" : " | ") + choice;
    }
    if (option.required) return text + "; required";
    return option.fallback ? text + "; default " + *option.fallback : text;
}

const char* site(const Fault& fault) {
    switch (fault.site) {
        case Site::clients:
            return "at the subscribers' end: of any target";
        case Site::proxy:
            return fault.site_by == nullptr ? "in squall's proxy: in front of any target"
                                            : "in squall's proxy: in front of any target, as far as its options say";
        case Site::path:
            return "in the path: to a target that squall launches";
        case Site::target:
        case Site::unsaid:
            return "at the target's processes: of a target that squall launches";
    }
    return "";
}

int explain_fault(const Fault& fault) {
    fmt::print("{}: {}\n\n  where      {}\n  how        {}\n  needs      {}\n  witness    {}\n  healing    {}\n",
               fault.name, fault.summary, site(fault), fault.mechanism, fault.privilege, fault.witness, fault.healing);
    if (fault.fallback) fmt::print("  else       {}\n", fault.fallback->mechanism);
    if (!fault.holds.empty()) fmt::print("  alone      in charge of {}: not beside another that is\n", fault.holds);
    fmt::print("\n");
    fmt::print("  keys of a use: at, for, every, every_jitter (times), name{}\n",
               fault.aimed ? ", cohort, share (of its connections), subscriber (one of them)" : "");
    for (const auto& option : fault.options) {
        fmt::print("    {:<16} {}\n    {:<16}   {}\n", option.name, option.doc, "", accepts(option));
    }
    return 0;
}

/// "from 1s for 200ms every 2s, 4 times, at 50% of cohort sse"
std::string schedule_of(const FaultUse& use, const Phase& phase) {
    const auto time = [](Nanos n) { return format_quantity(to_seconds(n), dimension::time); };
    std::string text = "from " + time(use.at);
    if (use.lasts) text += " for " + time(*use.lasts);
    if (use.every) text += fmt::format(" every {}, {} times", time(*use.every), times_of(use, phase.duration));
    if (use.every_jitter > 0) text += fmt::format(", each up to {} later", time(use.every_jitter));
    if (use.aim.everybody()) return text;
    text += ", at ";
    if (use.aim.subscriber) {
        text += "one subscriber of ";
    } else if (use.aim.some()) {
        text += format_quantity(use.aim.share, dimension::none, true) + " of ";
    }
    return text + (use.aim.cohort.empty() ? "all" : "cohort " + use.aim.cohort);
}

int explain_metric(const Metric& metric) {
    constexpr std::string_view kinds[] = {"distribution: p50 p90 p95 p99 p99.9 max min mean count",
                                          "gauge: max min mean last slope p50 … p99.9", "counter: count rate",
                                          "summary, as the target declares it: p50 p95 p99 max", "books: accounted"};
    std::string labels;
    for (const auto& label : metric.labels)
        labels += (labels.empty() ? "" : ", ") + std::string(label);
    fmt::print("{}: {}\n\n  kind       {}\n  dimension  {}\n  labels     {}\n", metric.name, metric.doc,
               kinds[static_cast<std::size_t>(metric.kind)], describe_dimension(metric.dimension),
               labels.empty() ? "none" : labels);
    return 0;
}

void explain_incident(const Incident& incident) {
    fmt::print("incident {}\n  {}\n  scale: {}\n", incident.number, incident.story, incident.scale);
    for (const auto& source : incident.sources)
        fmt::print("  source: {}\n", source);
    fmt::print("servers (squall reproduce)\n");
    for (const auto& server : incident.servers) {
        std::string what = server.target + (server.flaw.empty() ? "" : " with " + server.flaw);
        for (const auto& [setting, value] : server.settings)
            what += fmt::format(", {}: {}", setting, value);
        fmt::print("  {:<20} {:<8} {}\n", server.name, to_string(server.is), what);
        if (!server.fails.empty()) fmt::print("  {:<20} fails by: {}\n", "", server.fails);
    }
}

int explain_scenario(const LoadedScenario& loaded) {
    const auto& scenario = loaded.scenario;
    fmt::print("{}: {}\n", scenario.name, scenario.summary);
    if (!scenario.why.empty()) fmt::print("\n{}\n", scenario.why);
    fmt::print("\nphases\n");
    for (const auto& phase : scenario.phases) {
        fmt::print("  {:<12} {}{}\n", phase.name, format_quantity(to_seconds(phase.duration), dimension::time),
                   phase.load ? "" : ", without load");
        for (const auto& use : phase.faults)
            fmt::print("    {} {}\n", use.name, schedule_of(use, phase));
    }
    fmt::print("invariants\n");
    for (const auto& invariant : scenario.invariants)
        fmt::print("  {}\n", invariant.expression.text);
    if (!scenario.catches.empty()) fmt::print("mutants it has to catch\n");
    for (const auto& [mutant, invariant] : scenario.catches)
        fmt::print("  {:<30} by: {}\n", mutant, invariant);
    if (scenario.incident) explain_incident(*scenario.incident);
    fmt::print("file: {}\n", scenario.file);
    return 0;
}

}  // namespace

int explain(const std::string& name) {
    if (const auto* fault = find_fault(name)) return explain_fault(*fault);
    if (const auto* metric = find_metric(name)) return explain_metric(*metric);
    if (const auto files = find_scenarios(name); files && files->size() == 1) {
        std::vector<InputError> errors;
        const auto loaded = load_scenarios(*files, errors);
        print(errors);
        return loaded.empty() ? 2 : explain_scenario(loaded.front());
    }
    fmt::print(stderr, "squall: no fault, metric or scenario is called '{}'; `squall list` shows what there is\n",
               name);
    return 2;
}

}  // namespace squall::cli
