#include "suites/incident/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "suites/incident/names.hpp"
#include "suites/incident/text.hpp"
#include "suites/incident/wording.hpp"

namespace squall::incident {
namespace {

constexpr std::size_t unread_max = 20;  // names

std::string printable(std::string_view text, std::size_t most) {
    return std::string(beginning(as_line(text), most));
}

std::string course(const std::vector<Point>& points, const Unit& unit) {
    const auto [least, most] =
        std::minmax_element(points.begin(), points.end(), [](auto& a, auto& b) { return a.value < b.value; });
    std::string text = in_unit(points.front().value, unit);
    if (least->value == most->value) return text;
    text += " … " + in_unit(points.back().value, unit);
    const double first = points.front().value, last = points.back().value;
    if (least->value < std::min(first, last) || most->value > std::max(first, last))
        text += fmt::format(", between {} and {}", in_unit(least->value, unit), in_unit(most->value, unit));
    return text;
}

std::string many(std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 || what.back() == 's' ? "" : "s");
}

/// Of several names for one word those that do not count, each once, however many series it has.
std::string unused(const Recognition& recognition) {
    std::string text;
    std::set<std::string> said;
    for (const auto& [series, word] : recognition.unused) {
        const std::string name = printable(whole_of(series->name), 60);
        if (!said.insert(name + " " + word).second) continue;
        text += fmt::format("  {:<28} {:<22} --map '{}={}' takes it instead\n", name, word, name, word);
    }
    return text.empty() ? "" : "\nnot used, as another name is taken for the same (their sum: --map for each)\n" + text;
}

}  // namespace

std::string to_listing(const Plan& plan, const Recording& recording, const Recognition& recognition) {
    std::string text = fmt::format("{}: {} over {}\n", recording.format, many(recording.series.size(), "series"),
                                   format_quantity(recording.length_s, dimension::time));
    for (const std::string& note : recording.notes)
        text += "  " + note + "\n";
    text += "\nrecognised\n";
    for (const Recognised& one : recognition.recognised) {
        std::string said =
            fmt::format("{}, {}", course(one.points, one.meaning->unit), many(one.points.size(), "point"));
        if (one.names.size() > 1)
            said += fmt::format(", {} of {} series: {}", one.meaning->adds_up ? "the sum" : "the largest",
                                one.names.size(), printable(fmt::format("{}", fmt::join(one.names, " + ")), 100));
        if (one.differentiated) said += ", as the rise of a counter";
        if (one.unit_assumed) said += fmt::format(" (no unit: taken for {})", to_string(one.meaning->unit));
        text += fmt::format("  {:<28} {:<22} {}\n", printable(one.names.front(), 60), one.word(), said);
    }
    for (const Event& event : recording.events)
        text += fmt::format("  {:<28} {:<22} at {}: {}\n", fmt::format("line {}", event.place.line),
                            event.what == Event::What::restarted ? "restart" : "kill", in_time(event.at_s),
                            printable(event.text, 100));
    if (!recognition.unknown.empty())
        text += "\nnot recognised (--map 'NAME=WORD' says what it is, --map NAME=ignore that it is nothing)\n";
    for (const Series* series : recognition.unknown)
        text +=
            fmt::format("  {:<28} {}, {}\n", printable(series->name, 100),
                        course(series->points, series->unit.value_or(Unit{})), many(series->points.size(), "point"));
    text += unused(recognition);
    if (!recognition.unread.empty()) text += "\nnot read\n";
    for (std::size_t i = 0; i < recognition.unread.size(); ++i) {
        const Unread& one = *recognition.unread[i];
        if (i == unread_max) {
            text += fmt::format("  and {} more names\n", recognition.unread.size() - i);
            break;
        }
        text += fmt::format("  {:<28} {}, the first in line {}: {}\n", printable(one.name, 60),
                            many(one.values, "value"), one.place.line, printable(one.problem, 100));
    }
    if (!recognition.ignored.empty())
        text += fmt::format("\nignored, as --map says: {}\n",
                            printable(fmt::format("{}", fmt::join(recognition.ignored, ", ")), 300));
    if (recognition.unknown.empty() && recognition.unused.empty() && recognition.unread.empty() &&
        recognition.ignored.empty())
        text += "\neverything was recognised\n";
    text += "\nreplayed\n";
    for (const Decision& decision : plan.decisions)
        text +=
            fmt::format("  {:<9} {:<22} {}\n", to_string(decision.by), decision.what, printable(decision.text, 300));
    return text;
}

}  // namespace squall::incident
