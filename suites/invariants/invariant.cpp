#include "suites/invariants/invariant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "suites/invariants/host_share.hpp"
#include "suites/invariants/measure.hpp"
#include "suites/invariants/window.hpp"

namespace squall {
namespace {

/// Evaluates both sides and remembers on what they stand.
class Evaluation {
public:
    Evaluation(const InvariantUse& invariant, const Scenario& scenario, const Names& names, const History& history)
        : invariant_(invariant), scenario_(scenario), names_(names), history_(history), host_(scenario, history) {}

    Finding judge();

private:
    const Expression& expression() const { return invariant_.expression; }
    double value(const Measurement& measurement, const Window& window, bool left);
    double side(const Node& node, const Window& window, bool left);
    void describe_right();
    void compare(double measured, double bound);
    Range without_host(const Node& node) const;
    std::string host_problem(double measured);
    std::string delay_problem(double bound) const;
    std::optional<Nanos> held_again_since(double bound) const;
    std::optional<Nanos> broken_since(double bound) const;
    bool percent() const;

    const InvariantUse& invariant_;
    const Scenario& scenario_;
    const Names& names_;
    const History& history_;
    const HostShare host_;
    Window window_;
    Window baseline_;
    Finding finding_;
    std::vector<std::string> problems_;
    std::vector<std::string> details_;
    std::optional<std::uint64_t> samples_;
    std::optional<Nanos> books_since_;
};

/// What is as good as nothing: the precision that is aimed at (docs/reference/ground-truth.md).
constexpr double untimed_share_silent = 0.01;

std::string duration(double seconds) {
    return format_quantity(seconds, dimension::time);
}

bool mentions_percent(const Node& node) {
    if (const auto* constant = std::get_if<Constant>(&node.what)) return constant->text.ends_with('%');
    const auto* operation = std::get_if<Operation>(&node.what);
    return operation != nullptr && (mentions_percent(*operation->left) || mentions_percent(*operation->right));
}

/// "a ratio with 1" is written as one; shares read better as percentages.
bool Evaluation::percent() const {
    const auto measured = own_measurements(*expression().left);
    const bool shares = std::any_of(measured.begin(), measured.end(), [](const Measurement& m) {
        return m.aggregation == Aggregation::accounted || m.metric == "target.throttled";
    });
    return shares || mentions_percent(*expression().right);
}

double Evaluation::value(const Measurement& measurement, const Window& window, bool left) {
    const Measured measured = measure(history_, measurement, window);
    const std::string name = to_string(measurement);
    if (!measured.problem.empty()) {
        problems_.push_back(fmt::format("{}: {}", name, measured.problem));
        return std::nan("");
    }
    if (measured.samples < invariant_.samples_min) {
        problems_.push_back(
            fmt::format("{}: {} samples, fewer than samples_min {}", name, measured.samples, invariant_.samples_min));
    }
    if (left) {
        samples_ = std::min(samples_.value_or(measured.samples), measured.samples);
        if (!measured.detail.empty()) details_.push_back(measured.detail);
        if (measured.since) books_since_ = measured.since;
    }
    return measured.value;
}

double Evaluation::side(const Node& node, const Window& window, bool left) {
    const Valuation valuation{names_, [&](const Measurement& m) { return value(m, window, left); },
                              [&](const Measurement& m) {
                                  if (!baseline_.problem.empty()) {
                                      problems_.push_back(baseline_.problem);
                                      return std::nan("");
                                  }
                                  const std::size_t problems = problems_.size();
                                  const double found = value(m, baseline_, false);
                                  for (std::size_t i = problems; i < problems_.size(); ++i) {
                                      problems_[i] = "in the baseline, " + problems_[i];
                                  }
                                  return found;
                              }};
    return evaluate(node, valuation);
}

/// The figures that the bound was made from.
void Evaluation::describe_right() {
    for (const Measurement& m : baseline_measurements(*expression().right)) {
        const Measured measured = measure(history_, m, baseline_);
        if (!measured.problem.empty()) continue;
        details_.push_back("baseline " + format_quantity(measured.value, expression().left->dimension, percent()));
    }
    for (const Measurement& m : own_measurements(*expression().right)) {
        const Measured measured = measure(history_, m, window_);
        if (!measured.problem.empty()) continue;
        Dimension dimension = find_metric(m.metric)->dimension;
        if (m.aggregation == Aggregation::count) dimension = dimension::none;
        if (m.aggregation == Aggregation::rate) dimension = dimension::rate;
        if (m.aggregation == Aggregation::slope) dimension = dimension / dimension::time;
        details_.push_back(fmt::format("{} = {}", to_string(m), format_quantity(measured.value, dimension, percent())));
    }
}

/// What `node` may be worth: with what may be the host's doing in it, and without.
Range Evaluation::without_host(const Node& node) const {
    const auto range_in = [this](const Measurement& m, const Window& window) -> Range {
        const Measured measured = measure(history_, m, window);
        if (!measured.problem.empty()) return {std::nan(""), std::nan("")};
        return {measured.value - host_.of(m, measured.value, window), measured.value};
    };
    return evaluate_range(node, {names_, [&](const Measurement& m) { return range_in(m, window_); },
                                 [&](const Measurement& m) { return range_in(m, baseline_); }});
}

/// "" when the verdict is the same whatever the host did to the times that were measured.
std::string Evaluation::host_problem(double measured) {
    const Comparison comparison = expression().comparison;
    const auto readable = [this](double value) {
        return std::isfinite(value) ? format_quantity(value, expression().left->dimension, percent()) : "anything";
    };
    const bool good = finding_.verdict == Verdict::pass;
    const double timed = evaluate(*expression().left, {names_, [this](const Measurement& m) {
                                                           const double value = measure(history_, m, window_).value;
                                                           return value - host_.untimed(m, value, window_);
                                                       }});
    if (measured - timed > untimed_share_silent * std::fabs(measured)) {
        details_.push_back(
            fmt::format("at least {}, if the messages that the rig could not time were fast", readable(timed)));
    }
    const Range left = without_host(*expression().left), right = without_host(*expression().right);
    if (left.low == left.high && right.low == right.high) return "";
    const bool overlap = left.low <= right.high && right.low <= left.high;
    const bool equality = comparison == Comparison::equal || comparison == Comparison::not_equal;
    for (const auto& [value, limit] : {std::pair(left.low, right.high), std::pair(left.high, right.low)}) {
        if (holds(value, comparison, limit) == good && !(equality && overlap)) continue;
        return fmt::format(
            "the host could have made the difference: without what others took from the target's CPU, the rig's own "
            "lag, and the messages that it could not time, it may have been {} against {}",
            readable(value), readable(limit));
    }
    return "";
}

/// Of a `within` that was missed: "" unless it was met later by no more than others took from the target's CPU.
std::string Evaluation::delay_problem(double bound) const {
    if (finding_.verdict != Verdict::fail || !std::holds_alternative<Within>(expression().when)) return "";
    const Nanos deadline = counts_only(expression()) ? window_.end : window_.start;
    const double stolen = host_.stolen(window_.earliest, deadline);
    const Window later = window_of(expression(), names_, history_, from_seconds(stolen));
    if (stolen == 0 || !later.problem.empty()) return "";
    const Valuation valuation{names_, [&](const Measurement& m) {
                                  const Measured measured = measure(history_, m, later);
                                  return measured.problem.empty() ? measured.value : std::nan("");
                              }};
    if (!holds(evaluate(*expression().left, valuation), expression().comparison, bound)) return "";
    return fmt::format("it was met later by no more than the {} that others took from the target's CPU until then",
                       duration(stolen));
}

/// Of a `within` that holds: since when the same invariant would have held until the window's end, to a slice.
std::optional<Nanos> Evaluation::held_again_since(double bound) const {
    if (!std::holds_alternative<Within>(expression().when)) return std::nullopt;
    if (counts_only(expression())) {
        const auto measured = own_measurements(*expression().left);
        if (measured.size() != 1) return std::nullopt;
        double sum = 0;
        for (const Point& event : counted(history_, measured[0].metric, measured[0].selectors, window_)) {
            sum += event.value;
            const bool reached = measured[0].aggregation == Aggregation::count && bound > 0 &&
                                 expression().comparison != Comparison::less &&
                                 expression().comparison != Comparison::less_equal &&
                                 holds(sum, expression().comparison, bound);
            if (reached) return event.at;
        }
        return std::nullopt;
    }
    std::optional<Nanos> since = window_.start;
    for (Nanos start = window_.start; start > window_.earliest;) {
        start = std::max(start - slice_length, window_.earliest);
        const Window longer{start, window_.end, start, ""};
        const Valuation valuation{names_, [&](const Measurement& m) {
                                      const Measured measured = measure(history_, m, longer);
                                      return measured.problem.empty() ? measured.value : std::nan("");
                                  }};
        if (!holds(evaluate(*expression().left, valuation), expression().comparison, bound)) break;
        since = start;
    }
    return since;
}

std::optional<Nanos> Evaluation::broken_since(double bound) const {
    if (books_since_) return books_since_;
    // With arithmetic around it, or several of it, no one series tells when.
    const auto* measurement = std::get_if<Measurement>(&expression().left->what);
    if (measurement == nullptr) return std::nullopt;
    return violated_since(history_, *measurement, window_, expression().comparison, bound);
}

/// How far from the bound, as a share of it, in the direction that holds.
std::optional<double> margin_of(double measured, Comparison comparison, double bound) {
    if (bound == 0) return std::nullopt;
    switch (comparison) {
        case Comparison::less:
        case Comparison::less_equal:
            return (bound - measured) / std::fabs(bound);
        case Comparison::greater:
        case Comparison::greater_equal:
            return (measured - bound) / std::fabs(bound);
        case Comparison::equal:
            return -std::fabs(measured - bound) / std::fabs(bound);
        case Comparison::not_equal:
            return std::nullopt;
    }
    return std::nullopt;
}

void Evaluation::compare(double measured, double bound) {
    const Dimension dimension = expression().left->dimension;
    finding_.measured = format_quantity(measured, dimension, percent());
    finding_.bound = format_quantity(bound, dimension, percent());
    if (finding_.measured == finding_.bound && measured != bound) {
        // Three digits hide the difference that the verdict is about.
        finding_.measured = percent() && dimension == dimension::none
                                ? fmt::format("{:.10g}%", measured * 100)
                                : fmt::format("{} ({:.12g})", finding_.measured, measured);
    }
    finding_.margin = margin_of(measured, expression().comparison, bound);
    const auto measurements = own_measurements(*expression().left);
    const bool books = std::any_of(measurements.begin(), measurements.end(),
                                   [](const Measurement& m) { return m.aggregation == Aggregation::accounted; });
    // Books are whole numbers: one message in a billion counts.
    const bool exactly = books && expression().comparison == Comparison::equal;
    const bool good = exactly ? measured == bound : holds(measured, expression().comparison, bound);
    finding_.verdict = good ? Verdict::pass : Verdict::fail;
    finding_.since = good ? held_again_since(bound) : broken_since(bound);
}

Finding Evaluation::judge() {
    finding_.name = invariant_.name;
    finding_.expected = expression().text;
    finding_.phase = to_string(expression().when, names_);
    window_ = window_of(expression(), names_, history_);
    if (!window_.problem.empty()) {
        finding_.detail = window_.problem;
        return finding_;
    }
    const bool has_baseline = !baseline_measurements(*expression().right).empty();
    if (has_baseline) baseline_ = span_window("baseline", history_);

    const double measured = side(*expression().left, window_, true);
    const double bound = side(*expression().right, window_, false);
    finding_.samples = samples_.value_or(0);
    if (std::isfinite(measured) && std::isfinite(bound)) {
        compare(measured, bound);
        describe_right();
        for (const auto& problem : {host_problem(measured), delay_problem(bound)}) {
            if (!problem.empty()) problems_.push_back(problem);
        }
    } else if (problems_.empty()) {
        problems_.push_back("a division by nought");
    }
    const auto all = measurements(expression());
    if (std::any_of(all.begin(), all.end(), [](const Measurement& m) { return carries_rig_lag(m.metric); })) {
        std::string problem = rig_problem(scenario_, history_, window_);
        if (problem.empty() && has_baseline) problem = rig_problem(scenario_, history_, baseline_);
        if (!problem.empty()) problems_.push_back(problem);
    }
    if (!problems_.empty()) {
        finding_.verdict = Verdict::inconclusive;
        finding_.since.reset();
        details_.insert(details_.begin(), problems_.begin(), problems_.end());
    }
    finding_.detail = fmt::format("{}", fmt::join(details_, "; "));
    return finding_;
}

}  // namespace

Finding judge_invariant(const InvariantUse& invariant, const Scenario& scenario, const Names& names,
                        const History& history) {
    return Evaluation(invariant, scenario, names, history).judge();
}

}  // namespace squall
