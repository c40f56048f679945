// Least squares through samples: the slope, in units per second. Sums are kept relative to the first sample, so that
// nanoseconds since the run's start do not cost digits.
#pragma once

#include <limits>
#include <vector>

#include "suites/metrics/history.hpp"

namespace squall {

class Regression {
public:
    static Regression of(const std::vector<Point>& samples) {
        Regression regression;
        for (const Point& sample : samples)
            regression.add(sample);
        return regression;
    }

    void add(const Point& sample) {
        if (count_ == 0) first_ = sample;
        const double x = to_seconds(sample.at - first_.at);
        const double y = sample.value - first_.value;
        count_ += 1;
        x_ += x;
        y_ += y;
        xx_ += x * x;
        xy_ += x * y;
    }

    /// Not a number with fewer than two instants.
    double slope() const {
        const double spread = count_ * xx_ - x_ * x_;
        return spread > 0 ? (count_ * xy_ - x_ * y_) / spread : std::numeric_limits<double>::quiet_NaN();
    }

private:
    Point first_;
    double count_ = 0, x_ = 0, y_ = 0, xx_ = 0, xy_ = 0;
};

}  // namespace squall
