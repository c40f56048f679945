#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "suites/report/facts.hpp"
#include "suites/report/latency.hpp"
#include "suites/report/record.hpp"
#include "suites/report/report.hpp"

namespace squall::report {
namespace {

const char* colour_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "\x1b[32m";
        case Verdict::inconclusive:
            return "\x1b[33m";
        case Verdict::fail:
        case Verdict::error:
            return "\x1b[31m";
    }
    return "";
}

std::string word(Verdict verdict, int width, bool colour) {
    const auto text = fmt::format("{:<{}}", to_string(verdict), width);
    return colour ? colour_of(verdict) + text + "\x1b[0m" : text;
}

constexpr int verdict_width = 12;  // inconclusive

}  // namespace

std::string finding_line(const Finding& finding, bool colour) {
    // What is for information passes or fails nobody.
    const bool required = finding.requirement != Requirement::informational;
    std::string line =
        "  " +
        (required ? word(finding.verdict, verdict_width, colour) : fmt::format("{:<{}}", "info", verdict_width)) + " ";
    if (finding.name != finding.expected) line += finding.name + ": ";
    line += finding.expected;
    if (!finding.measured.empty()) line += " | measured " + finding.measured;
    if (!finding.bound.empty() && !finding.measured.empty()) line += ", bound " + finding.bound;
    if (finding.margin) line += fmt::format(", margin {:+.0f}%", std::round(*finding.margin * 100) + 0.0);
    if (!finding.phase.empty()) line += " | " + finding.phase;
    if (finding.samples > 0) line += fmt::format(" | {} samples", finding.samples);
    if (finding.since) line += fmt::format(" | since {:.2f}s", to_seconds(*finding.since));
    if (finding.requirement == Requirement::should) line += " | a SHOULD";
    if (!finding.detail.empty()) line += " | " + finding.detail;
    return line + "\n";
}

std::string to_text(const Scenario& scenario, const History& history, const Judgement& judgement,
                    const std::string& directory, const std::string& command, bool colour) {
    std::string text = fmt::format("{} (seed {}): {}\n", scenario.name, scenario.seed, scenario.summary);
    text += latency_table(latency_rows(scenario, history));
    text += record_table(scenario, history);
    for (const auto& finding : judgement.findings)
        text += finding_line(finding, colour);
    for (const auto& note : notes_of(history))
        text += "  note:    " + note + "\n";
    text += fmt::format("  verdict: {}\n", word(judgement.verdict, 0, colour));
    if (!directory.empty()) text += fmt::format("  run:     {}\n", directory);
    if (!command.empty()) text += fmt::format("  again:   {}\n", command);
    return text;
}

Verdict worst(const std::vector<RunResult>& runs) {
    if (runs.empty()) return Verdict::inconclusive;
    Verdict result = Verdict::pass;
    for (const auto& run : runs)
        result = worse(result, run.judgement.verdict);
    return result;
}

std::string table(const std::vector<RunResult>& runs, bool colour) {
    std::size_t width = 8;
    std::size_t counts[4] = {};
    double seconds = 0;
    for (const auto& run : runs)
        width = std::max(width, run.scenario.size());
    std::string text;
    for (const auto& run : runs) {
        const auto& findings = run.judgement.findings;
        const auto held = std::count_if(findings.begin(), findings.end(),
                                        [](const Finding& finding) { return finding.verdict == Verdict::pass; });
        text += fmt::format("{:<{}}  {} {:>2} of {:>2} hold  {:>6.1f}s\n", run.scenario, width,
                            word(run.judgement.verdict, verdict_width, colour), held, findings.size(), run.seconds);
        ++counts[static_cast<std::size_t>(run.judgement.verdict)];
        seconds += run.seconds;
    }
    text += fmt::format(
        "{} runs in {:.0f}s: {} pass, {} fail, {} inconclusive, {} error\n", runs.size(), seconds,
        counts[static_cast<std::size_t>(Verdict::pass)], counts[static_cast<std::size_t>(Verdict::fail)],
        counts[static_cast<std::size_t>(Verdict::inconclusive)], counts[static_cast<std::size_t>(Verdict::error)]);
    return text;
}

}  // namespace squall::report
