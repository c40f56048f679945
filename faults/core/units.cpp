#include "faults/core/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace squall {
namespace {

struct Unit {
    std::string_view name;
    double factor;
    Dimension dimension;
};

constexpr std::array units{
    Unit{"ns", 1e-9, dimension::time},
    Unit{"us", 1e-6, dimension::time},
    Unit{"ms", 1e-3, dimension::time},
    Unit{"s", 1, dimension::time},
    Unit{"m", 60, dimension::time},
    Unit{"h", 3600, dimension::time},
    Unit{"B", 1, dimension::bytes},
    Unit{"KB", 1e3, dimension::bytes},
    Unit{"MB", 1e6, dimension::bytes},
    Unit{"GB", 1e9, dimension::bytes},
    Unit{"KiB", 1024, dimension::bytes},
    Unit{"MiB", 1024.0 * 1024, dimension::bytes},
    Unit{"GiB", 1024.0 * 1024 * 1024, dimension::bytes},
    Unit{"cores", 1, dimension::cores},
    Unit{"core", 1, dimension::cores},
};

constexpr const char* unit_list = "ns us ms s m h, B KB MB GB KiB MiB GiB, cores, %, /s";

const Unit* find_unit(std::string_view name) {
    for (const Unit& unit : units) {
        if (unit.name == name) return &unit;
    }
    return nullptr;
}

std::string_view letters_at(std::string_view text, std::size_t from) {
    std::size_t to = from;
    while (to < text.size() && std::isalpha(static_cast<unsigned char>(text[to])))
        ++to;
    return text.substr(from, to - from);
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// "/s" that is not the beginning of another word ("/seconds" is no unit of ours).
bool per_second_at(std::string_view text, std::size_t from) {
    return from < text.size() && text[from] == '/' && letters_at(text, from + 1) == "s";
}

bool starts_number(std::string_view text) {
    std::size_t i = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    if (i < text.size() && text[i] == '.') ++i;
    return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]));
}

}  // namespace

Result<Quantity> parse_quantity_prefix(std::string_view text, std::size_t& consumed) {
    consumed = 0;
    // from_chars would take "inf" and "nan", which are no quantities, and refuse a leading plus.
    if (!starts_number(text)) return Error{fmt::format("'{}' does not begin with a number", text)};
    const char* first = text.data() + (text[0] == '+' ? 1 : 0);
    Quantity quantity;
    const auto [end, error] = std::from_chars(first, text.data() + text.size(), quantity.value);
    if (error != std::errc{}) return Error{fmt::format("'{}' is out of range for a number", text)};

    std::size_t at = static_cast<std::size_t>(end - text.data());
    consumed = at;
    std::size_t unit_at = at;
    while (unit_at < text.size() && is_blank(text[unit_at]))
        ++unit_at;

    if (unit_at < text.size() && text[unit_at] == '%') {
        quantity.value /= 100;
        consumed = unit_at + 1;
        return quantity;
    }
    if (const std::string_view name = letters_at(text, unit_at); !name.empty()) {
        const Unit* unit = find_unit(name);
        if (unit == nullptr) {
            // Behind a blank it may be a keyword of the surrounding text ("0.5 at 2s"); that is the caller's to judge.
            if (unit_at != at) return quantity;
            return Error{fmt::format("'{}' is not a unit; units are {}", name, unit_list)};
        }
        quantity.value *= unit->factor;
        quantity.dimension = unit->dimension;
        unit_at += name.size();
        consumed = unit_at;
        if (unit->dimension != dimension::bytes) return quantity;
    } else {
        unit_at = at;
    }
    if (per_second_at(text, unit_at)) {
        quantity.dimension = quantity.dimension / dimension::time;
        consumed = unit_at + 2;
    }
    return quantity;
}

Result<Quantity> parse_quantity(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    if (text.empty()) return Error{"a quantity is missing; write a number with its unit, such as 20ms or 64KiB"};
    std::size_t consumed = 0;
    auto quantity = parse_quantity_prefix(text, consumed);
    if (!quantity) return quantity.error();
    if (consumed != text.size()) {
        return Error{fmt::format("'{}' does not belong behind '{}'; units are {}", text.substr(consumed),
                                 text.substr(0, consumed), unit_list)};
    }
    return quantity;
}

namespace {

std::string three_digits(double value) {
    const double magnitude = std::fabs(value);
    if (magnitude == 0) return "0";
    if (magnitude >= 99.95) return fmt::format("{:.0f}", value);
    const int exponent = static_cast<int>(std::floor(std::log10(magnitude)));
    const int decimals = std::min(2 - exponent, 12);
    std::string text = fmt::format("{:.{}f}", value, decimals);
    // 9.999 rounds up to 10.00, one digit too many.
    const double rounded = std::fabs(std::strtod(text.c_str(), nullptr));
    if (rounded >= std::pow(10, exponent + 1)) text = fmt::format("{:.{}f}", value, decimals - 1);
    return text;
}

std::string whole_or_three_digits(double value) {
    if (std::fabs(value) < 1e15 && value == std::nearbyint(value)) return fmt::format("{:.0f}", value);
    return three_digits(value);
}

/// Base units carry binary fractions of decimal literals (0.02 * 1000 = 20.000000000000004): shave them off first.
double shaved(double value) {
    return std::strtod(fmt::format("{:.12g}", value).c_str(), nullptr);
}

std::string format_time(double seconds) {
    const double magnitude = std::fabs(seconds);
    if (magnitude == 0) return "0s";
    if (magnitude < 1e-6) return whole_or_three_digits(shaved(seconds * 1e9)) + "ns";
    if (magnitude < 1e-3) return whole_or_three_digits(shaved(seconds * 1e6)) + "us";
    if (magnitude < 1) return whole_or_three_digits(shaved(seconds * 1e3)) + "ms";
    if (magnitude < 600) return whole_or_three_digits(shaved(seconds)) + "s";
    if (magnitude < 36000) return whole_or_three_digits(shaved(seconds / 60)) + "m";
    return whole_or_three_digits(shaved(seconds / 3600)) + "h";
}

std::string format_bytes(double bytes) {
    const double magnitude = std::fabs(bytes);
    if (magnitude < 1024) return whole_or_three_digits(shaved(bytes)) + "B";
    if (magnitude < 1024.0 * 1024) return whole_or_three_digits(shaved(bytes / 1024)) + "KiB";
    if (magnitude < 1024.0 * 1024 * 1024) return whole_or_three_digits(shaved(bytes / (1024.0 * 1024))) + "MiB";
    return whole_or_three_digits(shaved(bytes / (1024.0 * 1024 * 1024))) + "GiB";
}

std::string power(const char* unit, int exponent) {
    if (exponent == 0) return "";
    return exponent == 1 ? fmt::format(" {}", unit) : fmt::format(" {}^{}", unit, exponent);
}

}  // namespace

std::string format_quantity(double value, Dimension dimension, bool percent) {
    if (!std::isfinite(value)) return std::isnan(value) ? "not a number" : value > 0 ? "infinite" : "-infinite";
    if (dimension == dimension::none) {
        return percent ? three_digits(shaved(value * 100)) + "%" : whole_or_three_digits(shaved(value));
    }
    if (dimension == dimension::time) return format_time(value);
    if (dimension == dimension::bytes) return format_bytes(value);
    if (dimension == dimension::bandwidth) return format_bytes(value) + "/s";
    if (dimension == dimension::rate) return whole_or_three_digits(shaved(value)) + "/s";
    if (dimension == dimension::cores) return three_digits(value) + " cores";
    return three_digits(value) + power("s", dimension.seconds) + power("B", dimension.bytes) +
           power("cores", dimension.cores);
}

std::string describe_dimension(Dimension dimension) {
    if (dimension == dimension::none) return "a plain number or a percentage (20, 5%)";
    if (dimension == dimension::time) return "time (20ms, 5s)";
    if (dimension == dimension::bytes) return "bytes (64KiB, 10MB)";
    if (dimension == dimension::cores) return "cores (0.25 cores)";
    if (dimension == dimension::rate) return "a rate (100/s)";
    if (dimension == dimension::bandwidth) return "bytes per second (64KiB/s)";
    return "a product of units:" + power("s", dimension.seconds) + power("B", dimension.bytes) +
           power("cores", dimension.cores);
}

}  // namespace squall
