// The series of a record → words of squall's: which names count, in the unit of their meaning, several put together.
#include "suites/incident/recognise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "suites/incident/course.hpp"
#include "suites/incident/names.hpp"
#include "suites/incident/wording.hpp"
#include "suites/model/suggest.hpp"

namespace squall::incident {
namespace {

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

/// What a number without a unit, or of another unit than was thought, gives away.
Status plausible(const Series& series, const Meant& meant, const Recognised& one) {
    constexpr double cores_unsaid_max = 16, cores_max = 1024;
    const Unit& unit = one.meaning->unit;
    const auto word = one.word();
    const double most = one.most();
    if (unit.percent && most > 1 && (one.unit_assumed || one.meaning->word == "slow.share")) {
        return Error{
            fmt::format("'{}' is {} of {}, and a share is 1 at most; if {} % is meant, the record is to say "
                        "so, or --map '{}={} %'",
                        series.name, number(most), word, number(most), whole_of(series.name), word)};
    }
    if (unit.dimension == dimension::cores && most > (one.unit_assumed ? cores_unsaid_max : cores_max)) {
        return Error{fmt::format("'{}' would be {} cores; --map '{}={} %' or '…={} cores' (at most {}) says what it is",
                                 series.name, number(most), whole_of(series.name), word, word, number(cores_max))};
    }
    const bool whole = unit == Unit{dimension::none} && one.meaning->aggregation != "quantile" && !meant.told;
    const auto broken = std::find_if(one.points.begin(), one.points.end(),
                                     [](const Point& point) { return point.value != std::floor(point.value); });
    if (!whole || broken == one.points.end()) return {};
    return Error{
        fmt::format("'{}' is {} at {:g}s, and its number ({}) is whole: a separator of thousands is ','; "
                    "--map '{}={}' takes it as it stands",
                    series.name, broken->value, broken->at_s, word, whole_of(series.name), word)};
}

/// What --map says: of a name with its labels, of one without them, of all names that begin so.
class Told {
public:
    /// "client*" → "client".
    static std::optional<std::string_view> prefix(std::string_view name) {
        if (name.empty() || name.back() != '*') return std::nullopt;
        return name.substr(0, name.size() - 1);
    }
    static bool is_of(std::string_view entry, std::string_view recorded) {
        const auto begins = prefix(entry);
        return recorded == entry || without_labels(recorded) == entry ||
               (begins && recorded.substr(0, begins->size()) == *begins);
    }

    void add(const std::string& name, std::optional<Meant> meant) { entries_[name] = std::move(meant); }

    const Meant* meant(std::string_view name) const {
        const auto entry = find(name);
        return entry == entries_.end() || !entry->second ? nullptr : &*entry->second;
    }
    bool ignores(std::string_view name) const {
        const auto entry = find(name);
        return entry != entries_.end() && !entry->second;
    }

private:
    using Entries = std::map<std::string, std::optional<Meant>, std::less<>>;  ///< none: to be ignored

    Entries::const_iterator find(std::string_view name) const {
        auto best = entries_.find(name);
        if (best == entries_.end()) best = entries_.find(without_labels(name));
        if (best != entries_.end()) return best;
        for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
            if (is_of(entry->first, name) && (best == entries_.end() || entry->first.size() > best->first.size()))
                best = entry;
        return best;
    }

    Entries entries_;
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
        const bool there = std::any_of(names.begin(), names.end(),
                                       [&](const std::string& recorded) { return Told::is_of(name, recorded); });
        if (!there) {
            return Error{fmt::format("--map: the record has no '{}'{}", name,
                                     Told::prefix(name) ? ": no name begins so" : did_you_mean(name, names))};
        }
        if (word == "ignore") {
            told.add(name, std::nullopt);
            continue;
        }
        auto meant = meant_by_word(word);
        if (!meant) return Error{fmt::format("--map '{}={}': {}", name, word, meant.error().message)};
        told.add(name, std::move(*meant));
    }
    return told;
}

std::optional<Meant> meaning_of(const Series& series, const Told& told) {
    const Meant* meant = told.meant(series.name);
    return meant != nullptr ? std::optional(*meant) : meant_by_name(series);
}

/// All series of one word.
struct Candidates {
    Recognised word;  ///< without points
    std::vector<std::pair<const Series*, Meant>> series;
};

class Recogniser {
public:
    Recogniser(const Recording& recording, const std::string& file, const Told& told)
        : recording_(recording), file_(file), told_(told) {}

    Recognition recognise() && {
        std::vector<Candidates> words;
        for (const Series& series : recording_.series)
            sort_out(series, words);
        for (Candidates& one : words) {
            choose(one);
            convert_all(one);
        }
        for (const Unread& unread : recording_.unread)
            sort_out(unread);
        if (more_errors_ > 0)
            result_.errors.push_back({file_, 0, 0, fmt::format("{} more mistakes like these", more_errors_)});
        return std::move(result_);
    }

private:
    void mistake(Place place, std::string_view name, const std::string& message) {
        constexpr std::size_t most = 20;
        if (result_.errors.size() == most) {
            ++more_errors_;
            return;
        }
        result_.errors.push_back({file_, place.line, place.column,
                                  fmt::format("{}; --map '{}=ignore' does without it", message, whole_of(name))});
    }

    void sort_out(const Series& series, std::vector<Candidates>& words) {
        if (told_.ignores(series.name)) {
            if (ignored_.insert(series.name).second) result_.ignored.push_back(series.name);
            return;
        }
        const auto meant = meaning_of(series, told_);
        if (!meant) {
            result_.unknown.push_back(&series);
            return;
        }
        Recognised one{meant->meaning, meant->quantile, {}, {}, false, false};
        auto same = std::find_if(words.begin(), words.end(), [&](const Candidates& other) {
            return other.word.meaning == one.meaning && other.word.quantile == one.quantile;
        });
        if (same == words.end()) same = words.insert(words.end(), {std::move(one), {}});
        same->series.emplace_back(&series, *meant);
    }

    /// What --map names counts; else, of several names, that with the most values, that which says it best, the first.
    void choose(Candidates& one) {
        const bool told =
            std::any_of(one.series.begin(), one.series.end(), [](const auto& series) { return series.second.told; });
        std::map<std::string_view, std::size_t> values;
        for (const auto& [series, meant] : one.series)
            values[whole_of(series->name)] += series->points.size();
        const auto says_more = [&](const auto& a, const auto& b) {
            const std::size_t of_a = values[whole_of(a.first->name)], of_b = values[whole_of(b.first->name)];
            return of_a != of_b ? of_a > of_b : a.second.name < b.second.name;
        };
        const auto chosen = whole_of(std::min_element(one.series.begin(), one.series.end(), says_more)->first->name);
        std::erase_if(one.series, [&](const auto& series) {
            const bool counts = told ? series.second.told : whole_of(series.first->name) == chosen;
            if (counts) return false;
            result_.unused.push_back({series.first, one.word.word()});
            unused_.insert(whole_of(series.first->name));
            return true;
        });
    }

    void convert_all(Candidates& one) {
        std::vector<std::vector<Point>> courses;
        Recognised& word = one.word;
        for (const auto& [series, meant] : one.series) {
            Recognised part{meant.meaning, meant.quantile, {}, {}, false, false};
            Status converted = convert(*meant.meaning, *series, meant, part);
            if (converted) converted = plausible(*series, meant, part);
            if (!converted) {
                mistake(series->place, series->name, converted.error().message);
                continue;
            }
            courses.push_back(std::move(part.points));
            word.names.push_back(series->name);
            word.unit_assumed |= part.unit_assumed;
            word.differentiated |= part.differentiated;
        }
        if (courses.empty()) return;
        // Who is gone has been started again as often as he was.
        const auto how = word.meaning->word == "restarts" ? Together::sum_of_counts
                         : word.meaning->adds_up          ? Together::sum
                                                          : Together::largest;
        word.points = courses.size() == 1 ? std::move(courses.front()) : put_together(courses, how);
        result_.recognised.push_back(std::move(word));
    }

    void sort_out(const Unread& unread) {
        if (told_.ignores(unread.name)) {
            if (ignored_.insert(unread.name).second) result_.ignored.push_back(unread.name);
            return;
        }
        Series series;
        series.name = unread.name;
        const bool wanted = unused_.count(whole_of(unread.name)) == 0 && meaning_of(series, told_).has_value();
        series.name += " max";  // "queue depth" is something if a statistic is meant
        if (wanted && !unread.in_words) {
            mistake(unread.place, unread.name, fmt::format("{}: {}", unread.name, unread.problem));
        } else if (wanted || !unread.in_words || meant_by_name(series)) {  // other text is no loss
            result_.unread.push_back(&unread);
        }
    }

    const Recording& recording_;
    const std::string& file_;
    const Told& told_;
    Recognition result_;
    std::set<std::string_view> ignored_, unused_;  ///< names; of unused ones without labels
    std::size_t more_errors_ = 0;
};

}  // namespace

std::string Recognised::word() const {
    return quantile.empty() ? std::string(meaning->word) : fmt::format("{}({})", quantile, meaning->word);
}

std::string Recognised::measure() const {
    if (meaning->aggregation.empty() || points.size() < 2) return "";
    return meaning->aggregation == "quantile" ? word() : fmt::format("{}({})", meaning->aggregation, meaning->word);
}

double Recognised::least() const {
    return std::min_element(points.begin(), points.end(), [](auto& a, auto& b) { return a.value < b.value; })->value;
}
double Recognised::most() const {
    return std::max_element(points.begin(), points.end(), [](auto& a, auto& b) { return a.value < b.value; })->value;
}

Result<Recognition> recognise(const Recording& recording, const std::string& file,
                              const std::map<std::string, std::string>& map) {
    const auto told = told_by(map, recording);
    if (!told) return told.error();
    return Recogniser(recording, file, *told).recognise();
}

}  // namespace squall::incident
