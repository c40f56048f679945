#include <charconv>
#include <chrono>
#include <cmath>

#include "suites/incident/text.hpp"
#include "suites/incident/values.hpp"

namespace squall::incident {
namespace {

constexpr double day_s = 86400;

/// So many digits, as a number.
std::optional<int> digits(std::string_view& text, std::size_t many) {
    int value = 0;
    if (text.size() < many) return std::nullopt;
    for (std::size_t i = 0; i < many; ++i) {
        if (!is_digit(text[i])) return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(many);
    return value;
}
bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// 14:23:45, with a fraction or without.
std::optional<double> clock(std::string_view& text) {
    std::string_view rest = text;
    const auto hours = digits(rest, 2);
    if (!hours || !take(rest, ":")) return std::nullopt;
    const auto minutes = digits(rest, 2);
    if (!minutes || !take(rest, ":")) return std::nullopt;
    const auto whole = digits(rest, 2);
    if (!whole || *hours > 23 || *minutes > 59 || *whole > 60) return std::nullopt;
    double fraction = 0;
    if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && is_digit(rest[1])) {
        rest.remove_prefix(1);
        for (double weight = 0.1; !rest.empty() && is_digit(rest.front()); weight /= 10, rest.remove_prefix(1))
            fraction += weight * (rest.front() - '0');
    }
    text = rest;
    return *hours * 3600 + *minutes * 60 + *whole + fraction;
}

/// Z, +01:00, -0800, or nothing: seconds to take off.
double zone(std::string_view& text) {
    if (take(text, "Zz") || text.empty() || (text[0] != '+' && text[0] != '-')) return 0;
    std::string_view rest = text.substr(1);
    const auto hours = digits(rest, 2);
    take(rest, ":");
    const auto minutes = digits(rest, 2);
    if (!hours || !minutes) return 0;
    const double offset = *hours * 3600 + *minutes * 60;
    const bool east = text[0] == '+';
    text = rest;
    return east ? offset : -offset;
}

double since_1970(int year, int month, int day) {
    namespace ch = std::chrono;
    const ch::year_month_day date{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                  ch::day(static_cast<unsigned>(day))};
    return date.ok() ? day_s * static_cast<double>(ch::sys_days(date).time_since_epoch().count()) : NAN;
}

std::optional<Time> dated(std::string_view text) {
    std::string_view rest = text;
    const auto year = digits(rest, 4);
    if (!year || !take(rest, "-/")) return std::nullopt;
    const auto month = digits(rest, 2);
    if (!month || !take(rest, "-/")) return std::nullopt;
    const auto day = digits(rest, 2);
    if (!day || !take(rest, "T ")) return std::nullopt;
    const auto of_day = clock(rest);
    if (!of_day) return std::nullopt;
    const double offset = zone(rest);
    const double days = since_1970(*year, *month, *day);
    if (std::isnan(days)) return std::nullopt;
    return Time{Time::Kind::date, days + *of_day - offset, 0, text.size() - rest.size()};
}

/// "Mar 14 14:23:45", as syslog has it, in a leap year that begins anew.
std::optional<Time> syslogged(std::string_view text) {
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto found = text.size() < 15 ? months.npos : months.find(text.substr(0, 3));
    if (found == months.npos || found % 3 != 0) return std::nullopt;
    std::string_view rest = text.substr(3);
    if (!take(rest, " ")) return std::nullopt;
    const bool short_day = take(rest, " ");
    const auto day = digits(rest, short_day ? 1 : 2);
    if (!day || !take(rest, " ")) return std::nullopt;
    const auto of_day = clock(rest);
    const double days = since_1970(2024, static_cast<int>(found / 3) + 1, *day);
    if (!of_day || std::isnan(days)) return std::nullopt;
    return Time{Time::Kind::date, days + *of_day, 366 * day_s, text.size() - rest.size()};
}

std::optional<Time> numbered(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (is_digit(text[length]) || text[length] == '.'))
        ++length;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
    if (length == 0 || error != std::errc{} || end != text.data() + length) return std::nullopt;
    return Time{Time::Kind::number, seconds_by_size(value), 0, length};
}

}  // namespace

double seconds_by_size(double number) {
    return number * (number >= 1e17 ? 1e-9 : number >= 1e14 ? 1e-6 : number >= 1e11 ? 1e-3 : 1);
}

std::optional<Time> time_at(std::string_view text) {
    if (auto time = dated(text)) return time;
    if (auto time = syslogged(text)) return time;
    std::string_view rest = text;
    if (const auto of_day = clock(rest)) {
        const double offset = zone(rest);
        return Time{Time::Kind::clock, *of_day - offset, day_s, text.size() - rest.size()};
    }
    return numbered(text);
}

}  // namespace squall::incident
