#include "suites/incident/wording.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <utility>

namespace squall::incident {

std::string number(double value) {
    if (value < 100 && value != std::floor(value)) return fmt::format("{:.3g}", value);
    std::string digits = fmt::format("{:.0f}", value);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

std::string in_bytes(double bytes) {
    using Power = std::pair<const char*, double>;
    for (const auto& [name, power] : {Power{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}}) {
        if (bytes < power) continue;
        const std::string digits = fmt::format("{:.3g}", bytes / power);
        // What three digits tell exactly was meant in powers of 1000.
        if (bytes < 1000 * power && std::fabs(std::strtod(digits.c_str(), nullptr) * power - bytes) < 1e-6 * bytes)
            return digits + name;
        break;
    }
    return format_quantity(bytes, dimension::bytes);
}

std::string in_time(double seconds) {
    return format_quantity(seconds, dimension::time);
}

std::string in_unit(double value, const Unit& unit) {
    if (unit.dimension == dimension::bytes) return in_bytes(value);
    if (unit.dimension == dimension::bandwidth) return in_bytes(value) + "/s";
    if (unit.dimension == dimension::none && !unit.percent) return number(value);
    return format_quantity(value, unit.dimension, unit.percent);
}

}  // namespace squall::incident
