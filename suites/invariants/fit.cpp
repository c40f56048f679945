#include "suites/invariants/fit.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "suites/invariants/replay.hpp"

namespace squall {
namespace {

constexpr double step_first = 0.25, step_last = 1.0 / 32;
constexpr double noise_least = 1.05;

}  // namespace

FitSearch::FitSearch(std::vector<FreeParameter> free)
    : free_(std::move(free)),
      effects_(free_.size(), 0),
      noise_log_(std::log(noise_least)),
      direction_(free_.size(), 1),
      step_(step_first) {
    for (const FreeParameter& one : free_) {
        best_.push_back(std::log(one.at / one.from) / std::log(one.to / one.from));
        axes_.push_back(axes_.size());
        as_good_.emplace_back(one.at, one.at);
    }
}

std::vector<FreeValue> FitSearch::values_at(const std::vector<double>& position) const {
    std::vector<FreeValue> values;
    for (std::size_t n = 0; n < free_.size(); ++n)
        values.push_back({free_[n].what, free_[n].from * std::pow(free_[n].to / free_[n].from, position[n])});
    return values;
}

/// One step from the best; nothing where that is the axis's end.
std::optional<std::vector<double>> FitSearch::candidate() const {
    auto position = best_;
    double& moved = position[parameter()];
    moved = std::clamp(moved + direction_[parameter()] * step_, 0.0, 1.0);
    if (std::fabs(moved - best_[parameter()]) < step_last / 2) return std::nullopt;
    return position;
}

void FitSearch::fail() {
    direction_[parameter()] *= -1;
    turned_ = !turned_;
    if (turned_) return;
    axis_ = (axis_ + 1) % axes_.size();
    if (++failed_ < axes_.size()) return;
    failed_ = axis_ = 0;
    step_ /= 2;
    std::erase_if(axes_, [&](std::size_t parameter) { return effects_[parameter] <= noise_log_; });
}

std::optional<std::vector<FreeValue>> FitSearch::next() {
    if (trials_.size() < 2) return best();
    while (!axes_.empty() && step_ >= step_last) {
        if (const auto position = candidate()) return values_at(*position);
        fail();
    }
    return std::nullopt;
}

/// What was tried first, and then again.
void FitSearch::tell_first(std::optional<double> factor) {
    const bool again = !trials_.empty() && trials_.front().factor;
    trials_.push_back({best(), factor, {}});
    if (!factor) return;
    const double log = std::log(*factor);
    if (!again) {
        best_log_ = log;
    } else {
        noise_log_ = std::max(noise_log_, std::fabs(log - best_log_));
        best_log_ = (best_log_ + log) / 2;
    }
}

void FitSearch::tell(std::optional<double> factor) {
    if (trials_.size() < 2) return tell_first(factor);
    const auto position = candidate().value();
    trials_.push_back({values_at(position), factor, parameter()});
    if (!factor) return fail();
    const double log = std::log(*factor);
    if (std::isfinite(best_log_)) effects_[parameter()] = std::max(effects_[parameter()], std::fabs(log - best_log_));
    const double value = trials_.back().values[parameter()].value;
    auto& [low, high] = as_good_[parameter()];
    if (log >= best_log_ - noise_log_) {
        if (log <= best_log_ + noise_log_) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
        return fail();
    }
    low = high = value;
    best_ = position;
    best_log_ = log;
    failed_ = 0;
    turned_ = false;
}

std::optional<double> FitSearch::best_factor() const {
    return std::isfinite(best_log_) ? std::optional(std::exp(best_log_)) : std::nullopt;
}

double FitSearch::noise() const {
    return std::exp(noise_log_);
}

std::vector<FitSearch::Verdict> FitSearch::verdicts() const {
    std::vector<Verdict> verdicts;
    for (std::size_t n = 0; n < free_.size(); ++n) {
        Verdict verdict{.effect = std::exp(effects_[n]), .matters = effects_[n] > noise_log_};
        verdict.tried = std::any_of(trials_.begin(), trials_.end(),
                                    [&](const Trial& trial) { return trial.varied == n && trial.factor; });
        std::tie(verdict.low, verdict.high) = as_good_[n];
        verdicts.push_back(verdict);
    }
    return verdicts;
}

}  // namespace squall
