#include "suites/incident/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "suites/incident/text.hpp"

namespace squall::incident {
namespace {

constexpr double kibi = 1024, mebi = kibi * 1024, gibi = mebi * 1024, tebi = gibi * 1024;
constexpr Unit bytes{dimension::bytes}, seconds{dimension::time}, of_number{dimension::none}, rate{dimension::rate},
    bandwidth{dimension::bandwidth};

struct Word {
    std::string_view name;
    double factor;
    Unit unit;
};

/// As they stand behind a number (µ is the micro sign, and the Greek letter); the case of letters is looked at first,
/// and then is not. Longer ones may have the s of many.
constexpr std::array words{Word{"ns", 1e-9, seconds},
                           Word{"us", 1e-6, seconds},
                           Word{"µs", 1e-6, seconds},
                           Word{"μs", 1e-6, seconds},
                           Word{"ms", 1e-3, seconds},
                           Word{"nsec", 1e-9, seconds},
                           Word{"usec", 1e-6, seconds},
                           Word{"msec", 1e-3, seconds},
                           Word{"nano", 1e-9, seconds},
                           Word{"micro", 1e-6, seconds},
                           Word{"milli", 1e-3, seconds},
                           Word{"millisecond", 1e-3, seconds},
                           Word{"microsecond", 1e-6, seconds},
                           Word{"nanosecond", 1e-9, seconds},
                           Word{"s", 1, seconds},
                           Word{"sec", 1, seconds},
                           Word{"secs", 1, seconds},
                           Word{"second", 1, seconds},
                           Word{"m", 60, {dimension::time, false, true}},
                           Word{"min", 60, seconds},
                           Word{"mins", 60, seconds},
                           Word{"minute", 60, seconds},
                           Word{"h", 3600, seconds},
                           Word{"hr", 3600, seconds},
                           Word{"hrs", 3600, seconds},
                           Word{"hour", 3600, seconds},
                           Word{"days", 86400, seconds},
                           Word{"B", 1, bytes},
                           Word{"byte", 1, bytes},
                           Word{"KB", 1e3, bytes},
                           Word{"MB", 1e6, bytes},
                           Word{"GB", 1e9, bytes},
                           Word{"TB", 1e12, bytes},
                           Word{"KiB", kibi, bytes},
                           Word{"MiB", mebi, bytes},
                           Word{"GiB", gibi, bytes},
                           Word{"TiB", tebi, bytes},
                           Word{"kilobyte", 1e3, bytes},
                           Word{"megabyte", 1e6, bytes},
                           Word{"gigabyte", 1e9, bytes},
                           Word{"terabyte", 1e12, bytes},
                           Word{"kibibyte", kibi, bytes},
                           Word{"mebibyte", mebi, bytes},
                           Word{"gibibyte", gibi, bytes},
                           Word{"tebibyte", tebi, bytes},
                           Word{"Kbit", 1e3 / 8, bytes},
                           Word{"Mbit", 1e6 / 8, bytes},
                           Word{"Gbit", 1e9 / 8, bytes},
                           Word{"bits", 1.0 / 8, bytes},
                           Word{"Ki", kibi, bytes},
                           Word{"Mi", mebi, bytes},
                           Word{"Gi", gibi, bytes},
                           Word{"Ti", tebi, bytes},
                           Word{"core", 1, {dimension::cores}},
                           Word{"percent", 0.01, {dimension::none, true}},
                           Word{"pct", 0.01, {dimension::none, true}}};

/// Of these the case of letters is all that tells bits from bytes.
constexpr std::array exact_words{Word{"bps", 1.0 / 8, bandwidth},
                                 Word{"kbps", 1e3 / 8, bandwidth},
                                 Word{"Kbps", 1e3 / 8, bandwidth},
                                 Word{"mbps", 1e6 / 8, bandwidth},
                                 Word{"Mbps", 1e6 / 8, bandwidth},
                                 Word{"gbps", 1e9 / 8, bandwidth},
                                 Word{"Gbps", 1e9 / 8, bandwidth},
                                 Word{"Bps", 1, bandwidth},
                                 Word{"kBps", 1e3, bandwidth},
                                 Word{"KBps", 1e3, bandwidth},
                                 Word{"MBps", 1e6, bandwidth},
                                 Word{"GBps", 1e9, bandwidth},
                                 Word{"rps", 1, rate},
                                 Word{"qps", 1, rate},
                                 Word{"tps", 1, rate}};
constexpr std::array neither{"Kb", "Mb", "Gb", "Tb"};  // bits to some, bytes to others

/// What is counted, behind a number: it says nothing more.
constexpr std::array counted{
    "message",    "messages",    "msg",         "msgs",  "event",    "events",    "client",     "clients", "conns",
    "connection", "connections", "subscribers", "users", "sessions", "consumers", "goroutines", "threads", "items",
    "entries",    "times",       "errors",      "req",   "reqs",     "requests",  "ops"};

/// Words that may stand last behind a number, and are no unit.
constexpr std::array last_words{"total",   "open", "active",  "connected", "now",       "used",      "queued",
                                "pending", "oom",  "crashed", "killed",    "restarted", "restarting"};

const Word* find_word(std::string_view name) {
    if (name.size() > 4 && name.back() == 's') name.remove_suffix(1);
    for (const Word& word : words)
        if (word.name == name) return &word;
    for (const Word& word : exact_words)
        if (word.name == name) return &word;
    if (std::find(neither.begin(), neither.end(), name) != neither.end()) return nullptr;
    for (const Word& word : words)
        if (name.size() > 1 && lower(word.name) == lower(name)) return &word;
    return nullptr;
}

bool is_counted(std::string_view name) {
    return std::find(counted.begin(), counted.end(), lower(name)) != counted.end();
}

/// Letters, and what UTF-8 has beyond ASCII: the micro sign among them.
std::size_t word_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (is_letter(text[length]) || static_cast<unsigned char>(text[length]) >= 0x80))
        ++length;
    return length;
}

/// Where a value may end.
bool ends(std::string_view text, std::size_t at) {
    return at >= text.size() || std::string_view(" \t\r\n,;|)]}\"'/").find(text[at]) != std::string_view::npos ||
           (text[at] == '.' && (at + 1 == text.size() || is_blank(text[at + 1])));
}

/// Three digits and no more, behind `separator`.
bool is_group(std::string_view text, std::size_t from, char separator) {
    return from + 3 < text.size() && text[from] == separator && is_digit(text[from + 1]) && is_digit(text[from + 2]) &&
           is_digit(text[from + 3]) && (from + 4 >= text.size() || !is_digit(text[from + 4]));
}

/// A number with its thousands separated by commas or apostrophes, or not: 50,234.5, 50'234 and 1e6.
struct Number {
    double value = 0;
    std::size_t length = 0;
    bool blank_within = false;  ///< "12 345": one number, or two
};
std::optional<Number> number_at(std::string_view text) {
    std::string plain;
    std::size_t at = 0;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) plain += text[at++] == '-' ? "-" : "";
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at]))
        plain += text[at++];
    Number number;
    if (at - first >= 1 && at - first <= 3 && text[first] != '0') {  // 0,123 has a decimal comma
        number.blank_within = is_group(text, at, ' ');
        const char separator = is_group(text, at, '\'') ? '\'' : ',';
        for (; is_group(text, at, separator); at += 4)
            plain += text.substr(at + 1, 3);
    }
    if (at == first && !(at < text.size() && text[at] == '.')) return std::nullopt;
    if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
        plain += text[at++];
        while (at < text.size() && is_digit(text[at]))
            plain += text[at++];
    }
    if (plain.empty() || !is_digit(plain.back())) return std::nullopt;
    if (at + 1 < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        std::size_t end = at + 1;
        if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
        if (end < text.size() && is_digit(text[end])) {
            while (end < text.size() && is_digit(text[end]))
                ++end;
            plain += text.substr(at, end - at);
            at = end;
        }
    }
    number.length = at;
    const char* begin = plain.data();
    const auto [end, error] = std::from_chars(begin, begin + plain.size(), number.value);
    if (error != std::errc{} || end != begin + plain.size() || !std::isfinite(number.value)) return std::nullopt;
    return number;
}

/// "/s", "/sec", "/second", " per second" at the beginning: its length.
std::size_t per_second(std::string_view text) {
    const std::size_t sign = !text.empty() && text.front() == '/' ? 1 : text.substr(0, 5) == " per " ? 5 : 0;
    const std::size_t length = sign == 0 ? 0 : word_length(text.substr(sign));
    const Word* word = length == 0 ? nullptr : find_word(text.substr(sign, length));
    return word != nullptr && word->unit == seconds && word->factor == 1 ? sign + length : 0;
}

/// 1m32.6s: what follows a number of minutes or hours without a blank.
void more_time(std::string_view text, ValueAt& found) {
    while (found.length < text.size() && is_digit(text[found.length])) {
        const auto number = number_at(text.substr(found.length));
        if (!number) return;
        const std::size_t at = found.length + number->length;
        const std::size_t length = word_length(text.substr(at));
        const Word* word = find_word(text.substr(at, length));
        if (word == nullptr || word->unit.dimension != dimension::time) return;
        found.value.unit = seconds;
        found.value.number += number->value * word->factor;
        found.length = at + length;
    }
}

/// The unit at `text`, which follows the number (blanks included): its length, 0 where there is none.
std::size_t unit_at(std::string_view text, ValueAt& found) {
    std::size_t at = 0;
    while (at < text.size() && is_blank(text[at]))
        ++at;
    if (at < text.size() && text[at] == '%') {
        found.value.number /= 100;
        found.value.unit = Unit{dimension::none, true};
        return at + 1;
    }
    if (text.substr(0, 5) == " per ") at = 0;
    const std::size_t length = word_length(text.substr(at));
    const std::string_view name = text.substr(at, length);
    const std::size_t per = per_second(text.substr(at + length));
    if (length == 0 && per == 0) return 0;
    const std::size_t behind = at + length + per;
    if (at > 0) {  // a word that a value follows is the next name: "mean: 5 min: 3" has no unit
        const std::string_view rest = trimmed(text.substr(behind));
        if (!rest.empty() && (rest.front() == ':' || rest.front() == '=')) return 0;
    }
    const Word* word = find_word(name);
    if (per > 0 && (length == 0 || is_counted(name))) {
        found.value.unit = rate;
        return behind;
    }
    if (word != nullptr) {
        if (per > 0 && word->unit != bytes) return 0;
        found.value.number *= word->factor;
        found.value.unit = per > 0 ? Unit{dimension::bandwidth} : word->unit;
        return behind;
    }
    if (is_counted(name)) {
        found.value.unit = of_number;
        return behind;
    }
    constexpr std::string_view thousands = "kMGT";
    const std::size_t power = length == 1 && at == 0 ? thousands.find(name[0] == 'K' ? 'k' : name[0]) : thousands.npos;
    if (power == thousands.npos) return 0;
    found.value.number *= std::pow(1000, static_cast<double>(power + 1));  // of what, the meaning says
    ValueAt counts = found;                                                // or a word: 1.2k msg/s
    const bool blank = behind < text.size() && is_blank(text[behind]);
    const std::size_t more = blank ? unit_at(text.substr(behind), counts) : 0;
    if (more == 0 || (counts.value.unit != of_number && counts.value.unit != rate)) return behind;
    found = counts;
    return behind + more;
}

constexpr std::string_view known = "8GiB, 15.2 GB, 1247ms, 18.4s, 0.8%, 50,234, 1MB/s";

Error no_value(std::string_view text) {
    return Error{fmt::format("'{}' is no number with a unit that is known ({})", beginning(text, 40), known)};
}

/// What can but be a unit behind a number that has none, and is not known: "8 gigs", "120/min", "5 msg per hour".
Status no_strange_unit(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && is_blank(text[at]))
        ++at;
    const bool per =
        text.substr(at, 4) == "per " || (at == 0 && text.size() > 1 && text[0] == '/' && is_letter(text[1]));
    std::size_t end = at + (per && text[0] != '/' ? 4 : per ? 1 : 0);
    end += word_length(text.substr(end));
    const std::string_view word = text.substr(at, end - at);
    if (!per && (at == 0 || word.empty() || !is_letter(word.front()))) return {};
    const std::string_view behind = trimmed(text.substr(end));
    const bool is_last =
        behind.empty() || std::string_view(",;|()[]}/").find(behind.front()) != std::string_view::npos || behind == ".";
    const bool says_nothing = std::find(last_words.begin(), last_words.end(), lower(word)) != last_words.end();
    if (!per && (!is_last || says_nothing || is_counted(word))) return {};
    return Error{fmt::format("'{}' behind a number is no unit that is known ({})", beginning(word, 40), known)};
}

}  // namespace

std::string_view to_string(const Unit& unit) {
    if (unit.percent) return "share";
    if (unit.letter_m) return "m";
    if (unit.dimension == dimension::bytes) return "B";
    if (unit.dimension == dimension::time) return "s";
    if (unit.dimension == dimension::cores) return "cores";
    if (unit.dimension == dimension::rate) return "1/s";
    if (unit.dimension == dimension::bandwidth) return "B/s";
    return "count";
}

std::optional<Result<ValueAt>> value_at(std::string_view text) {
    const auto number = number_at(text);
    if (!number && (text.empty() || !is_digit(text.front()))) return std::nullopt;
    const auto refused = [&] { return Result<ValueAt>(no_value(text.substr(0, text.find_first_of(" \t\r")))); };
    if (!number) return refused();
    if (number->blank_within) {
        return Result<ValueAt>(Error{fmt::format("'{}' is one number or two: write {},{}, or a word between them",
                                                 text.substr(0, number->length + 4), text.substr(0, number->length),
                                                 text.substr(number->length + 1, 3))});
    }
    ValueAt found{{1, std::nullopt}, number->length};
    const std::size_t unit = unit_at(text.substr(number->length), found);
    const std::size_t behind = number->length + unit;
    const bool is_time = unit > 0 && found.value.unit && found.value.unit->dimension == dimension::time;
    const bool goes_on = is_time && behind < text.size() && is_digit(text[behind]);
    if (ends(text, behind) || goes_on) {
        found.length = behind;
        found.factor = found.value.number;
    } else {
        found.value.unit = std::nullopt;  // what looked like a unit was not one
    }
    found.value.number = number->value * found.factor;
    if (is_time) more_time(text, found);
    const std::size_t end = found.length;
    const bool decimal_comma = end + 1 < text.size() && text[end] == ',' && is_digit(text[end + 1]);
    if (!ends(text, end) || decimal_comma || !std::isfinite(found.value.number)) return refused();
    const bool has_word = found.value.unit && end > number->length;
    const std::string_view rest = text.substr(end);
    const bool per = rest.substr(0, 5) == " per " || rest.substr(0, 1) == "/";
    if (!has_word || per) {
        if (Status no_unit = no_strange_unit(rest); !no_unit) return Result<ValueAt>(no_unit.error());
    }
    return Result<ValueAt>(found);
}

Result<Value> parse_value(std::string_view text) {
    text = trimmed(text);
    const auto found = value_at(text);
    if (found && !*found) return found->error();
    if (!found || (*found)->length != text.size()) return no_value(text);
    return (*found)->value;
}

bool is_not_finite(std::string_view text) {
    std::string word = lower(trimmed(text));
    if (!word.empty() && (word.front() == '+' || word.front() == '-')) word.erase(0, 1);
    return word == "nan" || word == "inf" || word == "infinity";
}

bool is_gap(std::string_view text) {
    const std::string word = lower(trimmed(text));
    for (const char* gap : {"", "-", "null", "n/a", "na", "none"})
        if (word == gap) return true;
    return is_not_finite(text);
}

std::optional<NamedUnit> unit_by_name(std::string_view name) {
    name = trimmed(name);
    if (name == "%") return NamedUnit{0.01, {dimension::none, true}};
    if (name == "ratio" || name == "share") return NamedUnit{1, {dimension::none, true}};
    if (name == "count") return NamedUnit{1, of_number};
    std::size_t length = word_length(name);
    const std::size_t per = per_second(name.substr(length));
    if (length + per != name.size() || name.empty()) return std::nullopt;
    const std::string_view word_name = name.substr(0, length);
    if (per > 0 && (length == 0 || length == 1 || is_counted(word_name)) && word_name != "B") return NamedUnit{1, rate};
    const Word* word = find_word(word_name);
    if (word == nullptr || (per > 0 && word->unit != bytes)) return std::nullopt;
    return NamedUnit{word->factor, per > 0 ? Unit{dimension::bandwidth} : word->unit};
}

std::optional<NamedUnit> unit_in_name(std::string_view name) {
    name = trimmed(name.substr(0, name.find('{')));
    if (!name.empty() && (name.back() == ']' || name.back() == ')')) {
        const auto open = name.rfind(name.back() == ']' ? '[' : '(');
        return open == std::string_view::npos ? std::nullopt
                                              : unit_by_name(name.substr(open + 1, name.size() - open - 2));
    }
    for (const std::string_view tail : {"_total", "_sum"})
        if (name.size() > tail.size() && name.substr(name.size() - tail.size()) == tail)
            name.remove_suffix(tail.size());
    for (const std::string_view tail : {"_per_second", "_per_sec", " per second"}) {
        if (name.size() <= tail.size() || name.substr(name.size() - tail.size()) != tail) continue;
        const auto what = unit_in_name(name.substr(0, name.size() - tail.size()));
        const bool of_bytes = what && what->unit == bytes;
        return NamedUnit{of_bytes ? what->factor : 1, of_bytes ? Unit{dimension::bandwidth} : rate};
    }
    const auto cut = name.find_last_of("_ .-");
    if (cut == std::string_view::npos) return std::nullopt;
    const std::string_view last = name.substr(cut + 1);
    // Too short to tell from a name that happens to end so ("retries m").
    if (last == "m" || last == "h") return std::nullopt;
    return unit_by_name(last);
}

}  // namespace squall::incident
