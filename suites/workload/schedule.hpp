// When a publisher's messages are due and how large they are: computed from the plan and the seed alone, never from
// what the target does (open loop).
#pragma once

#include <cstdint>

#include "suites/model/scenario.hpp"
#include "suites/workload/random.hpp"

namespace squall::workload {

struct Due {
    Nanos at = 0;  ///< on the clock that start() was told
    std::uint32_t bytes = 0;
};

class Schedule {
public:
    /// A rate of 0 (or a burst every 0) publishes nothing.
    Schedule(const Arrivals& arrivals, const Sizes& sizes, std::uint64_t seed, std::string_view name);

    /// Begins at `at`; `spell` is how long a ramp takes. A constant schedule's first message is due at a random point
    /// of its first interval, so that publishers of one rate do not march in step.
    void start(Nanos at, Nanos spell);

    /// The next message's instant; a very large one when there is none.
    Nanos next_at() const { return next_at_; }
    /// Takes it, and computes the one after.
    Due take();

private:
    Nanos instant(std::uint64_t index);
    Nanos ramp_instant(double messages) const;
    std::uint32_t size();

    Arrivals arrivals_;
    Sizes sizes_;
    Random random_;
    Nanos origin_ = 0;
    Nanos spell_ = 0;
    Nanos next_at_;
    std::uint64_t index_ = 0;
    double phase_ = 0;
    double poisson_s_ = 0;
};

}  // namespace squall::workload
