#include "suites/invariants/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "suites/model/overloaded.hpp"

namespace squall {
namespace {

Window nowhere(std::string problem) {
    Window window;
    window.problem = std::move(problem);
    return window;
}

Nanos nanos(const NodePtr& time, const Names& names) {
    return static_cast<Nanos>(std::llround(evaluate(*time, {names}) * 1e9));
}

/// Nothing when its phase was not played.
std::optional<Nanos> played(const Instant& instant, const Names& names, const History& history) {
    const Window span = span_window(instant.phase, history);
    if (!span.problem.empty()) return std::nullopt;
    const Nanos offset = instant.offset ? nanos(instant.offset, names) : 0;
    return (instant.end ? span.end : span.start) + (instant.negative ? -offset : offset);
}

/// Phases follow each other within microseconds: an instant between two belongs to the later one.
Window to_the_phases_end(Nanos from, Nanos earliest, const Names& names, const History& history) {
    std::optional<Nanos> end;
    for (const std::string& phase : names.phases) {
        const Window span = span_window(phase, history);
        if (span.problem.empty() && span.end > from && (!end || span.end < *end)) end = span.end;
    }
    if (!end) return nowhere("the window begins behind the last phase that was played");
    return {from, *end, earliest, ""};
}

}  // namespace

Window span_window(const std::string& name, const History& history) {
    Window window;
    bool found = false;
    for (const Span& span : history.spans()) {  // a load that stopped and resumed has several
        if (span.name != name) continue;
        window.start = found ? std::min(window.start, span.start) : span.start;
        window.end = found ? std::max(window.end, span.end) : span.end;
        found = true;
    }
    if (!found) return nowhere(fmt::format("'{}' was not played", name));
    window.earliest = window.start;
    return window;
}

Window window_of(const Expression& expression, const Names& names, const History& history, Nanos grace) {
    return std::visit(overloaded{[&](const During& during) { return span_window(during.phase, history); },
                                 [&](const Always&) { return span_window("run", history); },
                                 [&](const From& from) {
                                     const auto since = played(from.since, names, history);
                                     if (!since) return nowhere(fmt::format("'{}' was not played", from.since.phase));
                                     return to_the_phases_end(*since, *since, names, history);
                                 },
                                 [&](const Within& within) {
                                     const auto of = played(within.of, names, history);
                                     if (!of) return nowhere(fmt::format("'{}' was not played", within.of.phase));
                                     const Nanos limit = *of + nanos(within.limit, names) + grace;
                                     if (counts_only(expression)) return Window{*of, limit + 1, *of, ""};
                                     return to_the_phases_end(limit, *of, names, history);
                                 }},
                      expression.when);
}

}  // namespace squall
