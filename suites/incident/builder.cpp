#include "suites/incident/builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "suites/incident/text.hpp"

namespace squall::incident {
namespace {

constexpr std::size_t mistakes_max = 20, texts_max = 10'000;
constexpr double value_max = 1e18;

}  // namespace

void Builder::mistake(Place place, std::string_view message) {
    if (enough_) return;
    errors_.push_back({file_, place.line, place.column, as_line(message)});
    enough_ = errors_.size() >= mistakes_max;
}

void Builder::value(const std::string& name, double at_s, Value value, Place place) {
    if (enough_) return;
    auto found = index_.find(name);
    if (found == index_.end()) {
        if (kept_.size() == limits::series) {
            mistake(place, fmt::format("more than {} series; keep those that the incident is about", limits::series));
            enough_ = true;
            return;
        }
        found = index_.emplace(name, kept_.size()).first;
        kept_.push_back({{.name = name, .unit = value.unit, .points = {}, .place = place}, {}});
    }
    if (++values_ > limits::values) {
        mistake(place, fmt::format("more than {} values; keep the time that the incident is about", limits::values));
        enough_ = true;
        return;
    }
    auto& [series, values] = kept_[found->second];
    // Next to 59s, 1m is a minute.
    constexpr Unit time{dimension::time}, letter_m{dimension::time, false, true};
    if (series.unit == letter_m && value.unit == time) series.unit = time;
    if (series.unit == time && value.unit == letter_m) value.unit = time;
    // "5 clients" is as much as "5".
    constexpr Unit count{dimension::none};
    if ((series.unit == count && !value.unit) || (value.unit == count && !series.unit)) value.unit = series.unit;
    if (value.unit != series.unit && value.number != 0) {  // nought needs no unit
        if (std::any_of(values.begin(), values.end(), [](const Read& read) { return read.point.value != 0; })) {
            const auto word = [](const auto& unit) { return unit ? to_string(*unit) : "no unit"; };
            mistake(place, fmt::format("'{}' has {} here, and {} in line {}", name, word(value.unit), word(series.unit),
                                       series.place.line));
            return;
        }
        series.unit = value.unit;
    }
    if (!(value.number >= 0 && value.number <= value_max)) {
        const char* what = value.number < 0 ? "negative" : "too large";
        unread(name, fmt::format("{} is {} for anything that squall replays", value.number, what), place);
        return;
    }
    values.push_back({{at_s, value.number}, place});
}

void Builder::event(Event::What what, double at_s, std::string text, Place place) {
    if (events_.size() < limits::values) events_.push_back({what, at_s, std::move(text), place});
}

void Builder::unread(const std::string& name, std::string problem, Place place, bool in_words) {
    const auto found = unread_index_.find(name);
    if (found == unread_index_.end()) {
        if (unread_.size() >= (in_words ? texts_max : limits::values)) return;
        unread_index_.emplace(name, unread_.size());
        unread_.push_back({name, std::move(problem), place, 1, in_words});
        return;
    }
    Unread& known = unread_[found->second];
    if (known.in_words && !in_words) known = {name, std::move(problem), place, known.values, false};
    ++known.values;
}

void Builder::fit_units(Kept& kept) {
    if (kept.series.unit) return;
    const auto named = unit_in_name(kept.series.name);
    if (!named) return;
    kept.series.unit = named->unit;
    for (Read& read : kept.values)
        read.point.value *= named->factor;
}

/// Of several values at one instant the last one is kept.
void Builder::order(Kept& kept, double first_s) {
    auto& [series, values] = kept;
    for (Read& read : values)
        read.point.at_s -= first_s;
    std::stable_sort(values.begin(), values.end(),
                     [](const Read& a, const Read& b) { return a.point.at_s < b.point.at_s; });
    Unread replaced{series.name, "", {}, 0, false};
    for (const auto& [point, place] : values) {
        if (series.points.empty() || series.points.back().at_s < point.at_s) {
            series.points.push_back(point);
            continue;
        }
        if (series.points.back().value != point.value && replaced.values++ == 0) replaced.place = place;
        series.points.back() = point;
    }
    if (replaced.values > 0) replaced_.push_back(std::move(replaced));
}

/// One line, however many series that is so of.
void Builder::several_at_once() {
    if (replaced_.empty()) return;
    std::size_t values = 0;
    for (const Unread& one : replaced_)
        values += one.values;
    const std::size_t others = replaced_.size() - 1;
    note(fmt::format(
        "'{}'{} {} several values at one instant, of which the last counts: {} {} passed over, the first "
        "for line {}",
        replaced_.front().name, others == 0 ? "" : fmt::format(" and {} other{}", others, others == 1 ? "" : "s"),
        others == 0 ? "has" : "have", values, values == 1 ? "was" : "were", replaced_.front().place.line));
}

ReadRecording Builder::finish(std::string format) && {
    std::erase_if(kept_, [](const Kept& kept) { return kept.values.empty(); });
    const auto unread_instead = [&] {  // the reason why there is so little
        const auto why = std::find_if(unread_.begin(), unread_.end(), [](const Unread& one) { return !one.in_words; });
        if (why != unread_.end()) mistake(why->place, why->name + ": " + why->problem);
    };
    if (errors_.empty() && kept_.empty()) unread_instead();
    if (errors_.empty() && kept_.empty()) {
        mistake(
            {1, 1},
            "holds no values with a time; expected log lines (TIME NAME: VALUE …), the answer to a Prometheus range "
            "query, or CSV with a column of times");
    }
    double first = HUGE_VAL, last = -HUGE_VAL;
    const auto reach = [&](double at_s) {
        first = std::min(first, at_s);
        last = std::max(last, at_s);
    };
    for (const Kept& kept : kept_)
        for (const Read& read : kept.values)
            reach(read.point.at_s);
    const bool one_instant = first == last;
    for (const Event& event : events_)
        reach(event.at_s);
    if (errors_.empty() && one_instant) unread_instead();
    if (errors_.empty() && one_instant) {
        mistake(kept_.front().series.place, "all values are of one instant; what is replayed is how they went on");
    }
    if (errors_.empty() && !(last - first <= 30.0 * 86400)) {
        mistake(kept_.front().series.place, "spans more than 30 days; keep the time that the incident is about");
    }
    if (!errors_.empty()) return {std::nullopt, std::move(errors_)};
    std::vector<Series> series;
    for (Kept& kept : kept_) {
        fit_units(kept);
        order(kept, first);
        series.push_back(std::move(kept.series));
    }
    several_at_once();
    if (gaps_ > 0)
        note(gaps_ == 1
                 ? "1 value is none (NaN, infinite, null, n/a, -), and counts as not recorded"
                 : fmt::format("{} values are none (NaN, infinite, null, n/a, -), and count as not recorded", gaps_));
    for (Event& event : events_)
        event.at_s -= first;
    std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.at_s < b.at_s; });
    return {Recording{std::move(format), last - first, std::move(series), std::move(events_), std::move(unread_),
                      std::move(notes_)},
            {}};
}

std::string labelled(std::string name, const std::string& label) {
    if (label.empty()) return name;
    if (name.empty() || name.back() != '}') return name + "{" + label + "}";
    name.pop_back();
    return name + (name.back() == '{' ? "" : ",") + label + "}";
}

ReadRecording read_recording(std::string_view text, const std::string& file) {
    const auto refuse = [&](std::string message) {
        return ReadRecording{std::nullopt, {{file, 1, 1, std::move(message)}}};
    };
    if (text.size() > limits::text_bytes) return refuse("is larger than 64 MiB; keep the time the incident is about");
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    if (text.find('\0') != std::string_view::npos) return refuse("is no text: it holds bytes that are nought");
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return refuse("is empty");
    Builder builder(file);
    if (text[first] == '{') {
        read_prometheus(text, builder);
        return std::move(builder).finish("Prometheus");
    }
    if (begins_as_csv(text)) {
        read_csv(text, builder);
        return std::move(builder).finish("CSV");
    }
    read_log(text, builder);
    return std::move(builder).finish("log lines");
}

}  // namespace squall::incident
