#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// 14:23:45 or 9:23:45, with a fraction or without.
std::optional<double> clock(std::string_view& text) {
    std::string_view rest = text;
    const auto hours = digits(rest, rest.size() > 1 && rest[1] == ':' ? 1 : 2);
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

std::string_view word_at(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (is_letter(text[length]) || is_digit(text[length]) || text[length] == '_'))
        ++length;
    return text.substr(0, length);
}

/// "PM", "CET": of these squall does not know, or does not take, how far they are from UTC. A name may look so: "EST:
/// 5".
Status strange_zone(std::string_view word, std::string_view behind) {
    if (lower(word) == "am" || lower(word) == "pm")
        return Error{fmt::format("'{}' behind the time: times have 24 hours here (02:23:45 PM is 14:23:45)", word)};
    // Those that are words as well (ART, CAT, EAT, WET) are not among them: a name may begin with one.
    constexpr std::array zones{"ACST", "AEDT", "AEST", "AKDT", "AKST", "AWST", "BRT", "BST", "CDT",  "CEST", "CET",
                               "CST",  "EDT",  "EEST", "EET",  "EST",  "HKT",  "IDT", "IST", "JST",  "KST",  "MDT",
                               "MESZ", "MEZ",  "MSK",  "MST",  "NZDT", "NZST", "PDT", "PST", "SAST", "SGT",  "WIB"};
    const bool is_name = !behind.empty() && (behind.front() == ':' || behind.front() == '=');
    if (!is_name && std::find(zones.begin(), zones.end(), word) != zones.end())
        return Error{fmt::format("'{}' behind the time is a zone by letters; write its offset (+01:00), or UTC", word)};
    return {};
}

/// +01:00, -0800, and where nothing is between it and the time, +01.
std::optional<double> offset(std::string_view& text, bool hours_suffice) {
    std::string_view rest = text;
    if (!take(rest, "+-")) return std::nullopt;
    const auto hours = digits(rest, 2);
    if (!hours || *hours > 14) return std::nullopt;
    std::string_view behind = rest;
    const bool colon = take(behind, ":");
    const auto minutes = digits(behind, 2);
    if (minutes) rest = behind;
    const bool goes_on = !rest.empty() && (is_digit(rest.front()) || is_letter(rest.front()) || rest.front() == '.');
    if (goes_on || minutes.value_or(0) > 59 || (!minutes && (colon || !hours_suffice))) return std::nullopt;
    const double seconds = *hours * 3600 + minutes.value_or(0) * 60;
    const bool east = text.front() == '+';
    text = rest;
    return east ? seconds : -seconds;
}

/// Z, UTC, +01:00, -0800 behind a time, after a blank or without: seconds to take off. None: no zone is given.
Result<std::optional<double>> zone(std::string_view& text) {
    std::string_view rest = text;
    const bool blank = take(rest, " ");
    auto seconds = offset(rest, !blank);
    if (!seconds) {
        const std::string_view word = word_at(rest);
        rest.remove_prefix(word.size());
        if (Status known = strange_zone(word, rest); !known) return known.error();
        const bool utc = word == "Z" || word == "z" || word == "UTC" || word == "GMT";
        const bool is_name = !rest.empty() && (rest.front() == '=' || (blank && rest.front() == ':'));
        if (!utc || is_name) return std::optional<double>{};
        seconds = 0;
    }
    text = rest;
    return seconds;
}

double since_1970(int year, int month, int day) {
    namespace ch = std::chrono;
    const ch::year_month_day date{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                  ch::day(static_cast<unsigned>(day))};
    return date.ok() ? day_s * static_cast<double>(ch::sys_days(date).time_since_epoch().count()) : NAN;
}

/// With the zone that stands at `rest`, which is behind what was read of `text`.
Result<Time> zoned(Time time, std::string_view text, std::string_view rest) {
    const auto offset = zone(rest);
    if (!offset) return offset.error();
    time.seconds -= offset->value_or(0);
    time.zoned = offset->has_value();
    time.length = text.size() - rest.size();
    return time;
}

std::optional<Result<Time>> dated(std::string_view text) {
    std::string_view rest = text;
    const auto year = digits(rest, 4);
    if (!year || !take(rest, "-/")) return std::nullopt;
    const auto month = digits(rest, 2);
    if (!month || !take(rest, "-/")) return std::nullopt;
    const auto day = digits(rest, 2);
    if (!day || !take(rest, "T ")) return std::nullopt;
    const auto of_day = clock(rest);
    if (!of_day) return std::nullopt;
    const double days = since_1970(*year, *month, *day);
    if (std::isnan(days)) return std::nullopt;
    return zoned({Time::Kind::date, days + *of_day, 0, 0}, text, rest);
}

/// "Mar 14 14:23:45", as syslog has it, in a leap year that begins anew.
std::optional<Result<Time>> syslogged(std::string_view text) {
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
    return zoned({Time::Kind::date, days + *of_day, 366 * day_s, 0}, text, rest);
}

std::optional<Result<Time>> numbered(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (is_digit(text[length]) || text[length] == '.'))
        ++length;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + length, value);
    if (length == 0 || error != std::errc{} || end != text.data() + length) return std::nullopt;
    if (length + 1 < text.size() && text[length] == ':' && is_digit(text[length + 1]))
        return Error{fmt::format("'{}' is no time of day with seconds (14:23:45)",
                                 text.substr(0, std::min(text.find_first_not_of("0123456789:.,"), text.size())))};
    return Time{Time::Kind::number, seconds_by_size(value), 0, length};
}

}  // namespace

double seconds_by_size(double number) {
    return number * (number >= 1e17 ? 1e-9 : number >= 1e14 ? 1e-6 : number >= 1e11 ? 1e-3 : 1);
}

std::optional<Result<Time>> time_at(std::string_view text) {
    if (auto time = dated(text)) return time;
    if (auto time = syslogged(text)) return time;
    std::string_view rest = text;
    if (const auto of_day = clock(rest)) return zoned({Time::Kind::clock, *of_day, day_s, 0}, text, rest);
    return numbered(text);
}

Result<double> Clock::going_on(const Time& time, std::string_view written, std::size_t line) {
    if (!first_) {
        first_ = time;
        first_line_ = line;
        last_ = time.seconds;
        return last_;
    }
    if (time.kind != first_->kind || time.period != first_->period)
        return Error{fmt::format("'{}' is another kind of time than that of line {}", written, first_line_)};
    if (time.zoned != first_->zoned)
        return Error{fmt::format("'{}' has {} zone, and the time in line {} has {}; write it in all lines, or in none",
                                 written, time.zoned ? "a" : "no", first_line_, time.zoned ? "none" : "one")};
    double seconds = time.seconds;
    if (time.period > 0) {
        seconds += time.period * std::floor((last_ - seconds) / time.period + 0.5);
        if (std::fabs(seconds - last_) > time.period / 4)
            return Error{
                fmt::format("'{}' is far from the time before: before or behind it cannot be told without the "
                            "{}; write times as 2026-03-14T14:23:45",
                            written, time.period > day_s ? "year" : "day")};
    }
    last_ = seconds;
    return seconds;
}

}  // namespace squall::incident
