#include "suites/report/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "suites/report/html.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;

constexpr std::size_t recorded_style = 4, replayed_style = 0;  // amber and dashed; blue and whole

std::pair<double, double> extremes(const std::vector<Point>& points) {
    const auto [low, high] = std::minmax_element(points.begin(), points.end(),
                                                 [](const Point& a, const Point& b) { return a.value < b.value; });
    return {low->value, high->value};
}

std::string range(const ComparedSeries& compared, const std::vector<Point>& points) {
    if (points.empty()) return "none";
    const auto [low, high] = extremes(points);
    const auto words = [&](double value) {
        return format_quantity(value, compared.series.dimension, compared.series.percent);
    };
    return low == high ? words(low) : words(low) + " to " + words(high);
}

std::string factor(const std::optional<double>& factor) {
    if (!factor) return "?";
    return *factor >= factor_max ? fmt::format("≥ {:.0f}", factor_max) : fmt::format("{:.2f}", *factor);
}

std::string shape(const Likeness& likeness) {
    return likeness.rank_correlation ? fmt::format("{:+.2f}", *likeness.rank_correlation + 0.0) : "?";
}

std::string scaled(double scale) {
    return scale == 1 ? "recorded" : fmt::format("recorded × {:g}", scale);
}

std::string source(const Record& record) {
    return record.speed == 1 ? record.source
                             : fmt::format("{}, {:g} recorded seconds a second", record.source, record.speed);
}

json::value range_json(const std::vector<Point>& points) {
    if (points.empty()) return nullptr;
    const auto [low, high] = extremes(points);
    return {{"min", low}, {"max", high}};
}

json::value number_json(const std::optional<double>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

/// As far as the run goes, which may be less far than the record: the line is cut there, not left out.
std::vector<Point> until(const std::vector<Point>& points, Nanos end) {
    std::vector<Point> kept;
    for (const Point& point : points) {
        if (point.at <= end) {
            kept.push_back(point);
            continue;
        }
        if (kept.empty()) break;
        const Point& last = kept.back();
        const double way = static_cast<double>(end - last.at) / static_cast<double>(point.at - last.at);
        kept.push_back({end, last.value + way * (point.value - last.value)});
        break;
    }
    return kept;
}

std::string plot_of(const ComparedSeries& compared, const Record& record, const History& history, const Scene& scene,
                    std::size_t number) {
    Plot plot{.id = fmt::format("record-{}", number), .title = compared.series.name};
    plot.note = to_string(compared.series.measure);
    plot.dimension = compared.series.dimension;
    plot.percent = compared.series.percent;
    std::vector<Point> recorded = until(compared.recorded, scene.end);
    const auto replayed = drawn_replay(compared.series, record.speed, history);
    for (std::size_t n = 1; n < replayed.size(); ++n) {  // where nothing was measured they are further apart
        const Nanos apart = replayed[n].at - replayed[n - 1].at;
        plot.step = n == 1 ? apart : std::min(plot.step, apart);
    }
    plot.lines = {{scaled(compared.series.scale), std::move(recorded), recorded_style, true},
                  {"replayed", replayed, replayed_style}};
    return draw(plot, scene);
}

}  // namespace

std::string record_table(const Scenario& scenario, const History& history) {
    if (!scenario.record) return {};
    const Replay replay = compare_with_record(scenario, history);
    std::string text = fmt::format("  record: {}\n", source(*scenario.record));
    if (!replay.problem.empty()) return text + fmt::format("    cannot be compared: {}\n", replay.problem);
    std::size_t wide = 6;
    for (const ComparedSeries& one : replay.series)
        wide = std::max(wide, one.series.name.size());
    const auto row = [&](const std::string& name, const std::string& recorded, const std::string& replayed,
                         const std::string& factor, const std::string& shape, const std::string& why) {
        text += fmt::format("    {:<{}}  {:<20} {:<20} {:>7} {:>6}{}", name, wide, recorded, replayed, factor, shape,
                            why.empty() ? "" : "  " + why);
        text.resize(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    row("series", "recorded × scale", "replayed", "factor", "shape", "");
    for (const ComparedSeries& one : replay.series) {
        row(one.series.name, range(one, one.recorded), range(one, one.replayed), factor(one.likeness.factor),
            shape(one.likeness), one.likeness.problem);
    }
    row("all", "", "", factor(replay.factor()), "", "");
    return text;
}

json::value record_json(const Scenario& scenario, const History& history) {
    if (!scenario.record) return nullptr;
    const Replay replay = compare_with_record(scenario, history);
    json::array series;
    for (const ComparedSeries& one : replay.series) {
        series.push_back({{"name", one.series.name},
                          {"measure", to_string(one.series.measure)},
                          {"scale", one.series.scale},
                          {"instants", one.recorded.size()},
                          {"compared", one.replayed.size()},
                          {"recorded", range_json(one.recorded)},
                          {"replayed", range_json(one.replayed)},
                          {"factor", number_json(one.likeness.factor)},
                          {"rank_correlation", number_json(one.likeness.rank_correlation)},
                          {"problem", one.likeness.problem}});
    }
    return {{"source", scenario.record->source},
            {"speed", scenario.record->speed},
            {"zero_ns", replay.problem.empty() ? json::value(replay.zero) : json::value(nullptr)},
            {"factor", number_json(replay.factor())},
            {"series", std::move(series)}};
}

std::string record_html(const Scenario& scenario, const History& history, const Scene& scene) {
    if (!scenario.record) return {};
    const Replay replay = compare_with_record(scenario, history);
    if (!replay.problem.empty()) return "<p>They cannot be compared: " + escape(replay.problem) + ".</p>\n";
    Table table{"The record and its replay",
                {"series", "recorded × scale", "replayed", "factor", "shape", "instants"},
                {},
                {false, true, true, true, true, true}};
    for (const ComparedSeries& one : replay.series) {
        auto name = "<b>" + escape(one.series.name) + "</b>";
        if (one.series.scale != 1) name += fmt::format(" <small>× {:g}</small>", one.series.scale);
        name += "<br><code>" + escape(to_string(one.series.measure)) + "</code>";
        if (!one.likeness.problem.empty()) name += "<br><small>" + escape(one.likeness.problem) + "</small>";
        table.rows.push_back({name, escape(range(one, one.recorded)), escape(range(one, one.replayed)),
                              factor(one.likeness.factor), shape(one.likeness),
                              fmt::format("{} of {}", one.replayed.size(), one.recorded.size())});
    }
    std::string body = fmt::format("<p>The record is {}. Its first instant is {:.2f} s into the run.</p>\n",
                                   escape(source(*scenario.record)), to_seconds(replay.zero));
    body += html(table);
    body += fmt::format(
        "<p><small>Factor: the replay is typically so many times above or below the record; 1 is the same, {:.0f} the "
        "most that is told. Of all series together: {}. Shape: Spearman's rank correlation; +1: they rise and fall "
        "together, 0: the one says nothing about the other. ?: cannot be told.</small></p>\n<div class=\"plots\">\n",
        factor_max, factor(replay.factor()));
    std::size_t number = 0;
    for (const ComparedSeries& one : replay.series)
        body += plot_of(one, *scenario.record, history, scene, ++number);
    return body + "</div>\n";
}

}  // namespace squall::report
