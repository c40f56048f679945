// What must hold, and which flaws that is to catch.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "suites/model/overloaded.hpp"
#include "suites/model/scenario_parts.hpp"
#include "suites/model/suggest.hpp"

namespace squall::scenario_parts {
namespace {

/// When an instant will be, in seconds since the first phase's start, if all goes to plan.
double planned(const Instant& instant, const Scenario& scenario, const Names& names) {
    double at = 0, start = 0, end = 0;
    for (const Phase& phase : scenario.phases) {
        const double phase_end = at + to_seconds(phase.duration);
        if (phase.name == instant.phase) {
            start = at;
            end = phase_end;
        }
        if (instant.phase == "run" || (instant.phase == "load" && phase.load)) end = phase_end;
        at = phase_end;
    }
    if (instant.phase == "load") {
        for (auto phase = scenario.phases.begin(); phase != scenario.phases.end() && !phase->load; ++phase) {
            start += to_seconds(phase->duration);
        }
    }
    const double offset = instant.offset ? evaluate(*instant.offset, {names}) : 0;
    return (instant.end ? end : start) + (instant.negative ? -offset : offset);
}

std::string too_late(double begin, double end) {
    return fmt::format("begins {} into the run, but the last phase ends at {}", format_quantity(begin, dimension::time),
                       format_quantity(end, dimension::time));
}

/// Where `when` begins in the text, for the message's column.
std::size_t column_of_when(const std::string& text) {
    const std::size_t within = text.rfind("within ");
    const std::size_t from = text.rfind("from ");
    if (within == text.npos) return from == text.npos ? 0 : from;
    return within;
}

void note_repeated(const YAML::Node& node, Mistakes& mistakes, const std::string& text, const Scenario& scenario) {
    const auto earlier = scenario_parts::names(scenario.invariants);
    if (std::find(earlier.begin(), earlier.end(), text) != earlier.end()) {
        mistakes.add(node, "this invariant stands twice");
    }
}

void read_invariant(const YAML::Node& node, Mistakes& mistakes, const Names& names, Scenario& scenario) {
    InvariantUse use;
    YAML::Node expect = node;
    if (!node.IsScalar()) {
        Section section(mistakes, node, invariant_keys(), "an invariant");
        section.read("name", use.name);
        section.read("samples_min", use.samples_min);
        section.read_choice("requirement", use.requirement);
        std::string text;
        section.read("expect", text);
        note_duplicate(section, use.name, scenario_parts::names(scenario.invariants));
        if (text.empty())
            return scenario.invariants.push_back(std::move(use));  // noted; its name is known all the same
        expect = section.at("expect");
    }
    if (const YAML::Mark mark = node.Mark(); !mark.is_null()) {
        use.line = static_cast<std::size_t>(mark.line) + 1;
        use.column = static_cast<std::size_t>(mark.column) + 1;
    }
    ParsedExpression parsed = parse_expression(expect.Scalar(), names);
    for (ExpressionError& error : parsed.errors)
        mistakes.add_inside(expect, error.column, std::move(error.message));
    if (parsed.expression) {
        use.expression = std::move(*parsed.expression);
        const std::string problem = window_problem(use.expression, scenario, names);
        if (!problem.empty()) mistakes.add_inside(expect, column_of_when(expect.Scalar()), problem);
        if (use.name.empty()) note_repeated(node, mistakes, use.name = use.expression.text, scenario);
    }
    scenario.invariants.push_back(std::move(use));
}

}  // namespace

std::string window_problem(const Expression& expression, const Scenario& scenario, const Names& names) {
    double end = 0;
    for (const Phase& phase : scenario.phases)
        end += to_seconds(phase.duration);
    return std::visit(overloaded{[&](const Within& within) -> std::string {
                                     const double begin = planned(within.of, scenario, names);
                                     const double limit = begin + evaluate(*within.limit, {names});
                                     if (!counts_only(expression)) {
                                         return limit < end ? "" : "what has to hold by then " + too_late(limit, end);
                                     }
                                     // Events are still counted while the last messages settle.
                                     const double last = end + to_seconds(scenario.settle);
                                     if (begin >= end) return "the window " + too_late(begin, end);
                                     if (limit <= last) return "";
                                     return fmt::format("the window reaches to {} into the run, but the run ends at {}",
                                                        format_quantity(limit, dimension::time),
                                                        format_quantity(last, dimension::time));
                                 },
                                 [&](const From& from) -> std::string {
                                     const double begin = planned(from.since, scenario, names);
                                     return begin < end ? "" : "the window " + too_late(begin, end);
                                 },
                                 [](const auto&) -> std::string { return ""; }},
                      expression.when);
}

void read_invariants(Section& file, Mistakes& mistakes, Scenario& scenario) {
    Names names = names_of(scenario);
    for (const OptionSpec& spec : target_settings()) {
        // One that is wrong has been noted; expressions that refer to it are not to blame.
        const std::string path = "setting." + spec.name;
        const bool known = std::any_of(names.references.begin(), names.references.end(),
                                       [&](const auto& reference) { return reference.first == path; });
        if (known || scenario.settings.count(spec.name) == 0 || spec.kind != OptionSpec::Kind::quantity) continue;
        names.references.push_back({path, {0, spec.dimension}});
    }
    for (const YAML::Node& node : file.list("invariants", limits::invariants)) {
        read_invariant(node, mistakes, names, scenario);
    }
}

void read_catches(Section& file, Mistakes& mistakes, Scenario& scenario) {
    if (!file.has("catches")) return;
    const YAML::Node& catches = file.at("catches");
    if (!catches.IsMap()) return file.mistake("catches", "expected mutants, each with the invariant that must fail");
    const auto known = names(scenario.invariants);
    for (const auto& pair : catches) {
        if (!pair.first.IsScalar() || !is_kebab(pair.first.Scalar()) || !pair.second.IsScalar()) {
            mistakes.add(pair.first, "expected a mutant's name and the invariant that must fail");
            continue;
        }
        const std::string& invariant = pair.second.Scalar();
        if (std::find(known.begin(), known.end(), invariant) == known.end()) {
            mistakes.add(pair.second,
                         fmt::format("there is no invariant named '{}'{}", invariant, did_you_mean(invariant, known)));
        }
        if (!scenario.catches.emplace(pair.first.Scalar(), invariant).second) {
            mistakes.add(pair.first, fmt::format("{}: stands twice", pair.first.Scalar()));
        }
    }
}

}  // namespace squall::scenario_parts
