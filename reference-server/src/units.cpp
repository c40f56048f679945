#include "reference-server/src/units.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace squall::reference {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;

constexpr Unit duration_units[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr Unit byte_units[] = {{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}};

struct Quantity {
    std::uint64_t number;
    std::string_view unit;
};

std::optional<Quantity> split(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) return std::nullopt;
    return Quantity{number, std::string_view(rest, static_cast<std::size_t>(end - rest))};
}

template <std::size_t N>
std::optional<std::uint64_t> scaled(std::string_view text, const Unit (&units)[N], bool unit_required) {
    const auto quantity = split(text);
    if (!quantity) return std::nullopt;
    if (quantity->unit.empty()) {
        if (unit_required && quantity->number != 0) return std::nullopt;
        return quantity->number;
    }
    for (const auto& [unit, factor] : units) {
        if (unit != quantity->unit) continue;
        constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (quantity->number > limit / factor) return std::nullopt;
        return quantity->number * factor;
    }
    return std::nullopt;
}

template <std::size_t N>
std::string shortest(std::uint64_t value, const Unit (&units)[N]) {
    for (const auto& [unit, factor] : units) {
        if (value != 0 && value % factor == 0) return fmt::format("{}{}", value / factor, unit);
    }
    return "0";
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = scaled(text, duration_units, true);
    if (!value) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    return scaled(text, byte_units, false);
}

std::optional<double> parse_share(std::string_view text) {
    if (text.empty() || text.back() != '%') return std::nullopt;
    text.remove_suffix(1);
    double percent = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, percent, std::chars_format::fixed);
    if (error != std::errc{} || rest != end || !std::isfinite(percent)) return std::nullopt;
    return percent / 100.0;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
    const auto quantity = split(text);
    if (!quantity || !quantity->unit.empty()) return std::nullopt;
    return quantity->number;
}

std::string format_duration(std::chrono::milliseconds duration) {
    return shortest(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string format_bytes(std::uint64_t bytes) {
    return shortest(bytes, byte_units);
}

std::string format_share(double share) {
    return fmt::format("{:.12g}%", share * 100.0);
}

}  // namespace squall::reference
