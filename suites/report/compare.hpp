// Two runs of one scenario, or two certificates: what got better, what got worse, and what nobody can tell.
//
// Verdicts are compared, not figures: whether a figure is good is what invariants are for. Figures stand beside them
// with their ratio and with the noise that either run shows within itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suites/report/certificate.hpp"

namespace squall::report {

/// Of B against A, in order of what composition must never hide: the larger one wins.
enum class Change { same, better, unknown, worse };
std::string_view to_string(Change change);  ///< "same", "better", "cannot tell", "worse"

/// One finding, or one case over one protocol.
struct ComparedVerdict {
    std::string name;
    std::string a, b;                    ///< verdicts; empty: not there
    std::string measured_a, measured_b;  ///< of findings what was measured, of cases the reason
    Change change = Change::same;
    std::string note;  ///< why, where it is not plain
};

/// One figure of both runs.
struct ComparedFigure {
    std::string phase, what;  ///< "pressure", "p99 latency, healthy (sse)"
    std::string a, b;         ///< with their units
    double ratio = 1;         ///< b / a
    std::optional<double>
        noise;  ///< a factor, from 1: what is nearer to 1 than this may be chance; none: too few samples
    bool beyond_noise() const;
};

struct Comparison {
    std::string title;  ///< the scenario's name, or the server's
    std::string a, b;   ///< what they are: run ids, or servers with their versions
    bool gate = true;   ///< false: two servers, side by side: neither is to be like the other
    std::vector<ComparedVerdict> verdicts;
    std::vector<ComparedFigure> figures;
    std::vector<std::string> notes;

    Change change() const;  ///< the largest of all verdicts'
};

/// 0 nothing is worse, 1 something is, 3 B could not tell. Side by side: 0.
int exit_code(const Comparison& comparison);

struct ComparedRun {
    const Scenario& scenario;
    const History& history;
    const Judgement& judgement;
    std::string name;
};
/// Error: they are not runs of one scenario; the message says what differs.
Result<Comparison> compare(const ComparedRun& a, const ComparedRun& b);
Comparison compare(const Certificate& a, const Certificate& b);

/// Latency by phase and cohort, deliveries, memory and CPU by phase.
///
/// Noise: each phase is cut into up to 8 equal parts; the spread of a figure's logarithm over the parts of either run
/// gives the standard error of its mean, and twice the root of both errors' squares is the noise: 95 of 100 ratios of
/// runs that differ by chance within them lie inside it. What differs from run to run, and not within one, it cannot
/// know.
std::vector<ComparedFigure> compare_figures(const ComparedRun& a, const ComparedRun& b);

std::string to_text(const Comparison& comparison, bool colour);
std::string to_json(const Comparison& comparison);  ///< docs/reference/comparison.schema.json
std::string to_html(const Comparison& comparison);
std::string to_markdown(const Comparison& comparison);

}  // namespace squall::report
