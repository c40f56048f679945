// A search for the values of a scenario's free parameters with which its replay is most like the record. Pure: it is
// told what came of each trial, and says what to try next.
//
// Compass search (Kolda, Lewis & Torczon, SIAM Review 45(3), 2003) on logarithmic axes: one parameter at a time, a step
// up or down, moving to what is better; when no step of any parameter is, steps are halved. The values that it begins
// with are tried twice: what is better by less than those two differ is no better.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "suites/model/record.hpp"

namespace squall {

class FitSearch {
public:
    /// Of one parameter at least; begins with their `at`.
    explicit FitSearch(std::vector<FreeParameter> free);

    struct Trial {
        std::vector<FreeValue> values;  ///< in the order of the parameters
        std::optional<double> factor;
        std::optional<std::size_t> varied;  ///< the parameter in which it differs from the best one until then
    };

    /// To be tried next; nothing: steps have become too small to matter.
    std::optional<std::vector<FreeValue>> next();
    /// What came of it, as Replay::factor says it. Nothing: the replay was none (its server was gone at once, or the
    /// rig overloaded), from which nothing is learnt of the parameter.
    void tell(std::optional<double> factor);

    const std::vector<Trial>& trials() const { return trials_; }
    /// What the search has settled on, and what came of it; nothing where of no trial there is a factor.
    std::vector<FreeValue> best() const { return values_at(best_); }
    std::optional<double> best_factor() const;
    /// What two trials of the same values differ by, as a factor; 1.05 at least.
    double noise() const;

    /// What the trials say of one parameter.
    struct Verdict {
        double effect = 1;         ///< by how much it changed the factor by itself, as a factor from 1 on
        bool tried = false;        ///< by itself, and something came of it
        bool matters = false;      ///< the effect is more than noise
        double low = 0, high = 0;  ///< its least and greatest value that was as good as the best one of that time
    };
    std::vector<Verdict> verdicts() const;

private:
    std::vector<FreeValue> values_at(const std::vector<double>& position) const;
    std::optional<std::vector<double>> candidate() const;
    std::size_t parameter() const { return axes_[axis_]; }
    void tell_first(std::optional<double> factor);
    void fail();

    std::vector<FreeParameter> free_;
    std::vector<Trial> trials_;
    std::vector<double> effects_;                     ///< of each parameter, logarithms
    std::vector<std::pair<double, double>> as_good_;  ///< Verdict's low and high
    std::vector<double> best_;                        ///< 0 to 1: from `from` to `to`, on a logarithmic axis
    double best_log_ = HUGE_VAL;                      ///< that: no trial had a factor
    double noise_log_ = 0;
    std::vector<double> direction_;  ///< +1 or -1, for each parameter
    double step_;                    ///< share of each axis
    std::vector<std::size_t> axes_;  ///< parameters that are still stepped along
    std::size_t axis_ = 0;           ///< of axes_
    std::size_t failed_ = 0;         ///< axes in a row that led nowhere better, either way
    bool turned_ = false;            ///< the other direction has been tried
};

}  // namespace squall
