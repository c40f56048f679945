#include "suites/incident/builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace squall::incident {
namespace {

constexpr std::size_t mistakes_max = 20;
constexpr double value_max = 1e18;

}  // namespace

void Builder::mistake(Place place, std::string message) {
    if (enough_) return;
    errors_.push_back({file_, place.line, place.column, std::move(message)});
    enough_ = errors_.size() >= mistakes_max;
}

void Builder::value(const std::string& name, double at_s, const Value& value, Place place) {
    if (enough_) return;
    auto found = index_.find(name);
    if (found == index_.end()) {
        if (series_.size() == limits::series) {
            mistake(place, fmt::format("more than {} series; keep those that the incident is about", limits::series));
            enough_ = true;
            return;
        }
        found = index_.emplace(name, series_.size()).first;
        series_.push_back({.name = name, .unit = value.unit, .points = {}, .place = place});
    }
    if (++values_ > limits::values) {
        mistake(place, fmt::format("more than {} values; keep the time that the incident is about", limits::values));
        enough_ = true;
        return;
    }
    Series& series = series_[found->second];
    if (value.unit != series.unit && value.number != 0) {  // nought needs no unit
        const auto& points = series.points;
        if (std::any_of(points.begin(), points.end(), [](const Point& point) { return point.value != 0; })) {
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
    series.points.push_back({at_s, value.number});
}

void Builder::event(Event::What what, double at_s, std::string text, Place place) {
    if (events_.size() < limits::values) events_.push_back({what, at_s, std::move(text), place});
}

void Builder::unread(std::string name, std::string problem, Place place) {
    if (unread_.size() < limits::values) unread_.push_back({std::move(name), std::move(problem), place});
}

void Builder::fit_units(Series& series) {
    if (series.unit) return;
    const auto named = unit_in_name(series.name);
    if (!named) return;
    series.unit = named->unit;
    for (Point& point : series.points)
        point.value *= named->factor;
}

void Builder::order(Series& series, double first_s) {
    auto& points = series.points;
    for (Point& point : points)
        point.at_s -= first_s;
    std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.at_s < b.at_s; });
    // Of several at one instant the last one is kept.
    const auto same = [](const Point& a, const Point& b) { return a.at_s == b.at_s; };
    points.erase(points.begin(), std::unique(points.rbegin(), points.rend(), same).base());
}

ReadRecording Builder::finish(std::string format) && {
    std::erase_if(series_, [](const Series& series) { return series.points.empty(); });
    const auto unread_instead = [&] {  // the reason why there is so little
        if (!unread_.empty()) mistake(unread_.front().place, unread_.front().name + ": " + unread_.front().problem);
    };
    if (errors_.empty() && series_.empty()) unread_instead();
    if (errors_.empty() && series_.empty()) {
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
    for (const Series& series : series_)
        for (const Point& point : series.points)
            reach(point.at_s);
    const bool one_instant = first == last;
    for (const Event& event : events_)
        reach(event.at_s);
    if (errors_.empty() && one_instant) unread_instead();
    if (errors_.empty() && one_instant) {
        mistake(series_.front().place, "all values are of one instant; what is replayed is how they went on");
    }
    if (errors_.empty() && !(last - first <= 30.0 * 86400)) {
        mistake(series_.front().place, "spans more than 30 days; keep the time that the incident is about");
    }
    if (!errors_.empty()) return {std::nullopt, std::move(errors_)};
    for (Series& series : series_) {
        fit_units(series);
        order(series, first);
    }
    for (Event& event : events_)
        event.at_s -= first;
    std::stable_sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.at_s < b.at_s; });
    return {Recording{std::move(format), last - first, std::move(series_), std::move(events_), std::move(unread_),
                      std::move(notes_)},
            {}};
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
