#include "suites/workload/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace squall::workload {
namespace {

constexpr Nanos never = std::numeric_limits<Nanos>::max();

Nanos after(Nanos origin, double seconds) {
    return seconds < 1e9 ? origin + static_cast<Nanos>(std::llround(seconds * 1e9)) : never;
}

}  // namespace

Schedule::Schedule(const Arrivals& arrivals, const Sizes& sizes, std::uint64_t seed, std::string_view name)
    : arrivals_(arrivals), sizes_(sizes), random_(seed, name), next_at_(never) {}

void Schedule::start(Nanos at, Nanos spell) {
    origin_ = at;
    spell_ = spell;
    index_ = 0;
    poisson_s_ = 0;
    phase_ = random_.uniform();
    next_at_ = instant(0);
}

Due Schedule::take() {
    const Due due{next_at_, size()};
    next_at_ = instant(++index_);
    return due;
}

Nanos Schedule::instant(std::uint64_t index) {
    const double rate = arrivals_.rate;
    switch (arrivals_.process) {
        case Arrivals::Process::constant:
            // From the index, not from the instant before: rounding must not add up.
            return rate > 0 ? after(origin_, (static_cast<double>(index) + phase_) / rate) : never;
        case Arrivals::Process::poisson:
            if (rate <= 0) return never;
            poisson_s_ += random_.exponential() / rate;
            return after(origin_, poisson_s_);
        case Arrivals::Process::burst: {
            if (arrivals_.burst == 0 || arrivals_.every <= 0) return never;
            return origin_ + static_cast<Nanos>(index / arrivals_.burst) * arrivals_.every;
        }
        case Arrivals::Process::ramp:
            return ramp_instant(static_cast<double>(index) + phase_);
    }
    return never;
}

/// When so many messages have become due: the rate is r0 + (r1 - r0) t / T, so their number is r0 t + (r1 - r0) t² /
/// 2T. Behind the spell the rate stays at r1.
Nanos Schedule::ramp_instant(double messages) const {
    const double r0 = std::max(arrivals_.rate, 0.0), r1 = std::max(arrivals_.rate_end, 0.0);
    const double spell_s = to_seconds(spell_);
    const double in_spell = (r0 + r1) / 2 * spell_s;
    if (messages >= in_spell) return r1 > 0 ? after(origin_, spell_s + (messages - in_spell) / r1) : never;
    const double a = (r1 - r0) / (2 * spell_s);
    // The root in the form that does not cancel when the ramp is flat.
    const double discriminant = std::max(r0 * r0 + 4 * a * messages, 0.0);
    return after(origin_, 2 * messages / (r0 + std::sqrt(discriminant)));
}

std::uint32_t Schedule::size() {
    double bytes = sizes_.bytes;
    switch (sizes_.distribution) {
        case Sizes::Distribution::fixed:
            return sizes_.bytes;
        case Sizes::Distribution::uniform:
            bytes =
                sizes_.bytes_min + random_.uniform() * (static_cast<double>(sizes_.bytes_max) - sizes_.bytes_min + 1);
            break;
        case Sizes::Distribution::lognormal:
            bytes *= std::exp(sizes_.sigma * random_.normal());
            break;
    }
    const double high = sizes_.bytes_max > 0 ? sizes_.bytes_max : 64.0 * 1024 * 1024;
    return static_cast<std::uint32_t>(std::clamp(std::floor(bytes), std::min<double>(sizes_.bytes_min, high), high));
}

}  // namespace squall::workload
