// Values and times as people and programs write them: 50,234 · 50'234 · 8 GiB · 15.2G · 1m32.6s · 0.8 % · 120 msg/s;
// 2026-03-14T14:23:45.5Z, 14:23:45, seconds or milliseconds since 1970.
#pragma once

#include "suites/incident/recording.hpp"

namespace squall::incident {

struct Value {
    double number = 0;  ///< in base units
    std::optional<Unit> unit;
};

/// The longest value at the beginning of `text`, and its length; none where nothing begins that looks like one.
/// What follows it is a blank, a separator, a closing bracket or quote, or the end. Error: it begins with a digit, and
/// is no number with a unit that is known (1.2.3, 5 and a comma and two digits, 15QB, 12 345, 8 gigs at the end).
struct ValueAt {
    Value value;
    std::size_t length = 0;
    double factor = 1;  ///< of its unit, or of k, M, G, T
};
std::optional<Result<ValueAt>> value_at(std::string_view text);

/// All of `text`, blanks around it aside.
Result<Value> parse_value(std::string_view text);

/// NaN, +Inf.
bool is_not_finite(std::string_view text);
/// That, null, N/A, -, or nothing at all: no value was there to be recorded.
bool is_gap(std::string_view text);

/// A unit by its name, with what turns a number of it into base units: "ms", "MB", "seconds", "percent".
struct NamedUnit {
    double factor = 1;
    Unit unit;
};
std::optional<NamedUnit> unit_by_name(std::string_view name);
/// Of "memory_bytes", "memory [MB]", "latency (ms)", "cpu_seconds_total": the unit that a name gives, and the name
/// without it where it stands in brackets.
std::optional<NamedUnit> unit_in_name(std::string_view name);

struct Time {
    enum class Kind { date, clock, number };  ///< a day and a time; a time of day; a plain number
    Kind kind{};
    double seconds = 0;      ///< since 1970 (as if in UTC where no zone is given), since midnight, or as it stands
    double period = 0;       ///< after which it begins anew, as the day or year is not said; 0: never
    std::size_t length = 0;  ///< of what was read
    bool zoned = false;      ///< a zone is given
};
/// Since 1970 in seconds, or in thousandths, millionths or billionths of them: by how large it is.
double seconds_by_size(double number);
/// At the beginning of `text`. Error: a time with what squall does not take (PM, CET, no seconds).
std::optional<Result<Time>> time_at(std::string_view text);

/// The times of a file, one after the other, on one clock: without its day, a time is of the day on which it is nearest
/// to the one before, and likewise without its year.
class Clock {
public:
    /// Errors: another kind of time than the first was, a zone in some only, and a time that is a quarter of a day (or
    /// year) from the one before, of which nobody knows in which direction. `written` and `line` are for those.
    Result<double> going_on(const Time& time, std::string_view written, std::size_t line);

private:
    std::optional<Time> first_;
    std::size_t first_line_ = 0;
    double last_ = 0;
};

}  // namespace squall::incident
