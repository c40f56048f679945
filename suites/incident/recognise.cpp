// Names of a record → words of squall's. A name is taken apart into words, wherever letters, digits and cases meet; the
// first meaning all of whose words are among them is what it means.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "suites/incident/meanings.hpp"
#include "suites/incident/text.hpp"
#include "suites/incident/values.hpp"
#include "suites/model/suggest.hpp"

namespace squall::incident {
namespace {

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = text.find(by);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string singular(std::string word) {
    if (word.size() > 2 && word.back() == 's' && word != "rss" && word != "pss" && word != "loss") word.pop_back();
    return word;
}

/// "push_queueDepth{quantile="0.95"}" → push queue depth quantile 0.95.
std::vector<std::string> words_of(std::string_view name) {
    std::vector<std::string> words;
    std::string word;
    const auto end = [&] {
        if (!word.empty()) words.push_back(singular(word));
        word.clear();
    };
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool point = c == '.' && i > 0 && is_digit(name[i - 1]) && i + 1 < name.size() && is_digit(name[i + 1]);
        if (!is_letter(c) && !is_digit(c) && !point) {
            end();
            continue;
        }
        if (is_upper(c) && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z') end();
        word += lower(c);
    }
    end();
    return words;
}

/// The statistic that a name speaks of, in squall's word for it; it is taken out of the words.
std::string take_quantile(std::vector<std::string>& words) {
    static const std::map<std::string, std::string> known{
        {"p50", "p50"},  {"0.5", "p50"},  {"median", "p50"},  {"50th", "p50"},   {"p90", "p90"},
        {"0.9", "p90"},  {"p95", "p95"},  {"0.95", "p95"},    {"95th", "p95"},   {"p99", "p99"},
        {"0.99", "p99"}, {"99th", "p99"}, {"p99.9", "p99.9"}, {"p999", "p99.9"}, {"0.999", "p99.9"},
        {"max", "max"},  {"1", "max"},    {"maximum", "max"}};
    const bool labelled = std::find(words.begin(), words.end(), "quantile") != words.end();
    for (auto word = words.begin(); word != words.end(); ++word) {
        const auto found = known.find(*word);
        if (found == known.end() || (*word == "1" && !labelled)) continue;
        const std::string quantile = found->second;
        words.erase(word);
        return quantile;
    }
    return "";
}

bool fits(const Meaning& meaning, const std::vector<std::string>& words, const std::string& quantile,
          const std::optional<Unit>& unit) {
    const auto has_any = [&](std::string_view wanted) {
        const auto alternatives = split(wanted, '|');
        return std::any_of(alternatives.begin(), alternatives.end(), [&](const std::string& word) {
            return std::find(words.begin(), words.end(), singular(word)) != words.end();
        });
    };
    const auto has = [&](const std::string& wanted) {
        if (wanted == "QUANTILE") return !quantile.empty();
        if (wanted == "BYTES") return unit == Unit{dimension::bytes};
        if (wanted == "BANDWIDTH") return unit == Unit{dimension::bandwidth};
        return wanted.front() == '!' ? !has_any(std::string_view(wanted).substr(1)) : has_any(wanted);
    };
    for (const std::string& name : split(meaning.names, ',')) {
        auto wanted = split(name, ' ');
        std::erase(wanted, "");
        if (std::all_of(wanted.begin(), wanted.end(), has)) return true;
    }
    return false;
}

/// Whether values in `unit` can be of this meaning, by themselves or by how fast they rise.
bool unit_fits(const Meaning& meaning, const std::optional<Unit>& unit) {
    if (!unit || unit == meaning.unit) return true;
    if (unit->letter_m)
        return meaning.unit.dimension == dimension::cores || meaning.unit.dimension == dimension::bytes ||
               meaning.unit.dimension == dimension::time;
    if (meaning.unit.percent)
        return unit->dimension == dimension::none || (meaning.counts && unit->dimension == dimension::time);
    if (meaning.unit.dimension == dimension::cores)
        return unit->percent || (meaning.counts && unit->dimension == dimension::time);
    if (meaning.unit.dimension == dimension::rate) return unit->dimension == dimension::none && !unit->percent;
    if (meaning.unit.dimension == dimension::bandwidth) return unit->dimension == dimension::bytes;
    return meaning.unit.dimension == dimension::none && unit->dimension == dimension::none && !unit->percent;
}

bool quantile_fits(const Meaning& meaning, const std::string& quantile) {
    if (meaning.aggregation != "quantile") return true;
    const bool summary = meaning.word.rfind("queue.", 0) == 0;  // what a target declares of itself
    return !quantile.empty() && !(summary && (quantile == "p90" || quantile == "p99.9"));
}

struct Meant {
    const Meaning* meaning = nullptr;
    std::string quantile;
    std::optional<NamedUnit> unit;  ///< told by --map
};

std::string_view without_labels(std::string_view name) {
    return name.substr(0, name.find('{'));
}

/// Of labels, only this one says what is measured; the others say of whom.
std::string_view quantile_label(std::string_view name) {
    name.remove_prefix(without_labels(name).size());
    for (const std::string_view key : {"{quantile=\"", ",quantile=\""}) {
        const auto at = name.find(key);
        if (at == std::string_view::npos) continue;
        name.remove_prefix(at + key.size());
        return name.substr(0, name.find('"'));
    }
    return "";
}

std::optional<Meant> meant_by_name(const Series& series) {
    std::vector<std::string> words = words_of(without_labels(series.name));
    if (const auto label = quantile_label(series.name); !label.empty()) {
        words.emplace_back("quantile");
        words.emplace_back(label);
    }
    const std::string quantile = take_quantile(words);
    for (const Meaning& meaning : all_meanings()) {
        if (!fits(meaning, words, quantile, series.unit) || !unit_fits(meaning, series.unit)) continue;
        Meant meant{&meaning, quantile, std::nullopt};
        if (meaning.aggregation != "quantile") {
            meant.quantile.clear();
        } else if (quantile.empty()) {
            meant.quantile = "max";
        }
        if (quantile_fits(meaning, meant.quantile)) return meant;
    }
    return std::nullopt;
}

/// "p95(queue.depth)", "target.memory MB". Error: no such word, or unit.
Result<Meant> meant_by_word(std::string_view text) {
    const auto cut = text.find(' ');
    Meant meant;
    if (cut != std::string_view::npos) {
        meant.unit = unit_by_name(text.substr(cut + 1));
        if (!meant.unit)
            return Error{fmt::format("'{}' is no unit (MB, GiB, ms, s, %, cores, /s)", text.substr(cut + 1))};
        text = text.substr(0, cut);
    }
    std::string word(text);
    if (const auto open = word.find('('); open != std::string::npos && word.back() == ')') {
        meant.quantile = word.substr(0, open);
        word = word.substr(open + 1, word.size() - open - 2);
    }
    meant.meaning = find_meaning(word);
    std::vector<std::string> known;
    for (const Meaning& meaning : all_meanings())
        known.push_back(std::string(meaning.aggregation == "quantile" ? "p99(" : "") + std::string(meaning.word) +
                        (meaning.aggregation == "quantile" ? ")" : ""));
    if (meant.meaning == nullptr) {
        return Error{fmt::format("there is no '{}'{}; there are {}, ignore", word, did_you_mean(word, known),
                                 fmt::join(known, ", "))};
    }
    const bool quantiles = meant.meaning->aggregation == "quantile";
    static const std::set<std::string> statistics{"p50", "p90", "p95", "p99", "p99.9", "max"};
    if (quantiles != !meant.quantile.empty() || (quantiles && statistics.count(meant.quantile) == 0) ||
        !quantile_fits(*meant.meaning, meant.quantile)) {
        return Error{quantiles
                         ? fmt::format("'{}' needs its statistic: p95({}), p99({}), max({})", text, word, word, word)
                         : fmt::format("'{}' has no statistics: {}", word, word)};
    }
    return meant;
}

/// How fast it rises. A fall is a process that counts from 0 again.
std::vector<Point> risen(const std::vector<Point>& points) {
    std::vector<Point> rates;
    for (std::size_t i = 1; i < points.size(); ++i) {
        const double rise =
            points[i].value >= points[i - 1].value ? points[i].value - points[i - 1].value : points[i].value;
        rates.push_back({points[i - 1].at_s, rise / (points[i].at_s - points[i - 1].at_s)});
    }
    if (!rates.empty()) rates.push_back({points.back().at_s, rates.back().value});
    return rates;
}

bool never_falls(const std::vector<Point>& points) {
    return std::is_sorted(points.begin(), points.end(), [](auto& a, auto& b) { return a.value < b.value; });
}

constexpr double minute_s = 60;

/// 500m of CPU is half a core, as Kubernetes has it; of memory it is MiB, as Java has it; else it is minutes.
double of_letter_m(const Unit& unit) {
    if (unit.dimension == dimension::cores) return 1e-3;
    return unit.dimension == dimension::bytes ? 1024 * 1024 : minute_s;
}

/// In the meaning's unit. Error: it cannot be.
Status convert(const Meaning& meaning, const Series& series, const Meant& meant, Recognised& out) {
    std::optional<Unit> unit = series.unit;
    double factor = 1;
    if (meant.unit) {
        if (unit)
            return Error{fmt::format("'{}' is in {} by the record itself; --map is to name its word without a unit",
                                     series.name, to_string(*unit))};
        factor = meant.unit->factor;
        unit = meant.unit->unit;
    }
    if (!unit_fits(meaning, unit)) {
        return Error{fmt::format("'{}' is {}, and {} is {}", series.name, to_string(*unit), meaning.word,
                                 to_string(meaning.unit))};
    }
    if (unit && unit->letter_m) {
        factor *= of_letter_m(meaning.unit) / minute_s;
        unit = meaning.unit;
    }
    out.points = series.points;
    for (Point& point : out.points)
        point.value *= factor;
    out.unit_assumed = !unit && meaning.unit.dimension != dimension::none;
    const bool total = without_labels(series.name).find("_total") != std::string::npos;
    const bool dimensionless = !unit || (unit->dimension == dimension::none && !unit->percent);
    // A counter has no "per second" in its unit; without a name that says so it has to rise all along.
    const bool counter =
        meaning.counts && unit != meaning.unit && !(unit && unit->percent) &&
        (total || (unit && unit->dimension == dimension::time) ||
         (dimensionless && out.points.size() > 2 && never_falls(out.points) &&
          out.points.front().value != out.points.back().value && meaning.unit.dimension != dimension::cores));
    if (!counter) return {};
    out.points = risen(out.points);
    out.differentiated = true;
    out.unit_assumed = false;
    if (out.points.empty())
        return Error{fmt::format("'{}' is a counter with one value, which says nothing", series.name)};
    return {};
}

/// Several series of one word: their sum, or the largest.
void put_together(Recognised& all, const Recognised& one) {
    std::set<double> times;
    for (const auto& points : {all.points, one.points})
        for (const Point& point : points)
            times.insert(point.at_s);
    std::vector<Point> together;
    for (const double at : times) {
        const double a = course_at(all.points, at), b = course_at(one.points, at);
        together.push_back({at, all.meaning->adds_up ? a + b : std::max(a, b)});
    }
    all.points = std::move(together);
    all.names.insert(all.names.end(), one.names.begin(), one.names.end());
    all.unit_assumed = all.unit_assumed || one.unit_assumed;
}

/// What --map says.
struct Told {
    std::map<std::string, Meant, std::less<>> meant;
    std::set<std::string, std::less<>> ignored;

    const Meant* find(std::string_view name) const {
        auto found = meant.find(name);
        if (found == meant.end()) found = meant.find(without_labels(name));
        return found == meant.end() ? nullptr : &found->second;
    }
    bool ignores(std::string_view name) const {
        return ignored.count(name) > 0 || ignored.count(without_labels(name)) > 0;
    }
};

Result<Told> told_by(const std::map<std::string, std::string>& map, const Recording& recording) {
    std::vector<std::string> names;
    for (const Series& series : recording.series)
        names.push_back(series.name);
    for (const Unread& unread : recording.unread)
        names.push_back(unread.name);
    Told told;
    for (const auto& entry : map) {
        const std::string& name = entry.first;
        const std::string& word = entry.second;
        const bool there = std::any_of(names.begin(), names.end(), [&](const std::string& recorded) {
            return recorded == name || without_labels(recorded) == name;
        });
        if (!there) return Error{fmt::format("--map: the record has no '{}'{}", name, did_you_mean(name, names))};
        if (word == "ignore") {
            told.ignored.insert(name);
            continue;
        }
        auto meant = meant_by_word(word);
        if (!meant) return Error{fmt::format("--map '{}={}': {}", name, word, meant.error().message)};
        told.meant[name] = std::move(*meant);
    }
    return told;
}

std::optional<Meant> meaning_of(const Series& series, const Told& told) {
    const Meant* meant = told.find(series.name);
    return meant != nullptr ? std::optional(*meant) : meant_by_name(series);
}

}  // namespace

Result<Recognition> recognise(const Recording& recording, const std::string& file,
                              const std::map<std::string, std::string>& map) {
    Recognition result;
    const auto told = told_by(map, recording);
    if (!told) return told.error();
    for (const Series& series : recording.series) {
        if (told->ignores(series.name)) {
            result.ignored.push_back(series.name);
            continue;
        }
        const auto meant = meaning_of(series, *told);
        if (!meant) {
            result.unknown.push_back(&series);
            continue;
        }
        Recognised one{meant->meaning, meant->quantile, {series.name}, {}, false, false};
        if (auto converted = convert(*meant->meaning, series, *meant, one); !converted) {
            result.errors.push_back({file, series.place.line, series.place.column, converted.error().message});
            continue;
        }
        const auto same = std::find_if(result.recognised.begin(), result.recognised.end(),
                                       [&](const Recognised& other) { return other.word() == one.word(); });
        if (same == result.recognised.end()) {
            result.recognised.push_back(std::move(one));
        } else {
            put_together(*same, one);
        }
    }
    for (const Unread& unread : recording.unread) {
        Series series;
        series.name = unread.name;
        if (told->ignores(unread.name)) {
            if (std::find(result.ignored.begin(), result.ignored.end(), unread.name) == result.ignored.end())
                result.ignored.push_back(unread.name);
            continue;
        }
        const bool wanted = meaning_of(series, *told).has_value();
        series.name += " max";  // "queue depth" is something if a statistic is meant
        if (wanted && !unread.in_words) {
            result.errors.push_back(
                {file, unread.place.line, unread.place.column, fmt::format("{}: {}", unread.name, unread.problem)});
        } else if (wanted || !unread.in_words || meant_by_name(series)) {  // other text is no loss
            result.unread.push_back(&unread);
        }
    }
    return result;
}

}  // namespace squall::incident
