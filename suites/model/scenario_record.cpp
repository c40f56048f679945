// The record of an incident: what was measured then, and what it leaves open.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "suites/model/scenario_parts.hpp"

namespace squall {
namespace {

using What = FreeParameter::What;

constexpr std::string_view free_names[] = {"slow-share", "slow-rate", "queue-bound"};

}  // namespace

std::string_view to_string(What what) {
    return free_names[static_cast<std::size_t>(what)];
}

std::string written(What what, double value) {
    switch (what) {
        case What::slow_share:
            return format_quantity(value, dimension::none, true);
        case What::slow_rate:
            return format_quantity(value, dimension::bandwidth);
        case What::queue_bound:
            return fmt::format("{:.0f}", value);
    }
    return "?";
}

namespace scenario_parts {
namespace {

/// In the order of the choices of `unit`.
constexpr Dimension units[] = {dimension::none,  dimension::bytes, dimension::time,
                               dimension::cores, dimension::rate,  dimension::none};
constexpr std::size_t unit_share = 5;

const char* unit_of(Dimension dimension) {
    if (dimension == dimension::bytes) return "B";
    if (dimension == dimension::time) return "s";
    if (dimension == dimension::cores) return "cores";
    if (dimension == dimension::rate) return "1/s";
    return dimension == dimension::none ? "count or share" : nullptr;
}

std::optional<double> number(const YAML::Node& node) {
    if (!node.IsScalar()) return std::nullopt;
    const std::string& text = node.Scalar();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

void read_points(Section& section, Mistakes& mistakes, std::vector<RecordedPoint>& points) {
    if (!section.has("points")) return;
    const auto elements = section.list("points", limits::recorded_points);
    std::optional<double> last;
    for (const YAML::Node& element : elements) {
        if (!element.IsSequence() || element.size() != 2) {
            mistakes.add(element, "points: expected [seconds, value], such as [30, 287]");
            continue;
        }
        const auto at = number(element[0]), value = number(element[1]);
        if (!at || *at < 0) mistakes.add(element[0], "points: expected seconds since the first instant, 0 or more");
        if (!value || *value < 0) mistakes.add(element[1], "points: expected a value in base units, 0 or more");
        if (!at || !value) continue;
        if (last && *at <= *last) {
            mistakes.add(element[0], fmt::format("points: times must increase; {} does not come after {}", *at, *last));
        }
        last = at;
        points.push_back({*at, *value});
    }
    if (elements.size() == 1) section.mistake("points", "a series has two points at least");
}

void read_measure(Section& section, Mistakes& mistakes, const Names& names, RecordedSeries& series) {
    std::string text;
    section.read("measure", text);
    std::optional<std::size_t> unit;
    if (section.has("unit")) {
        std::size_t index = std::size(units);
        section.read_choice("unit", index);
        if (index < std::size(units)) unit = index;
    }
    series.percent = unit == unit_share;
    if (text.empty()) return;
    ParsedMeasurement parsed = parse_measurement(text, names);
    for (ExpressionError& error : parsed.errors)
        mistakes.add_inside(section.at("measure"), error.column, std::move(error.message));
    if (!parsed.measurement) return;
    series.measure = std::move(*parsed.measurement);
    series.dimension = parsed.dimension;
    const char* right = unit_of(parsed.dimension);
    if (right == nullptr) {
        section.mistake("measure",
                        fmt::format("is {}, which a record has no unit for", describe_dimension(parsed.dimension)));
    } else if (unit && units[*unit] != parsed.dimension) {
        section.mistake("unit",
                        fmt::format("{} is {}; expected {}", text, describe_dimension(parsed.dimension), right));
    }
}

const Cohort* find_cohort(const Scenario& scenario, std::string_view name) {
    const auto found = std::find_if(scenario.cohorts.begin(), scenario.cohorts.end(),
                                    [&](const Cohort& cohort) { return cohort.name == name; });
    return found == scenario.cohorts.end() ? nullptr : &*found;
}

OptionSpec spec_of(What what, std::string name) {
    OptionSpec spec;
    spec.name = std::move(name);
    spec.dimension = what == What::slow_rate ? dimension::bandwidth : dimension::none;
    spec.min = what == What::slow_share ? 1e-6 : 1;
    spec.max = what == What::slow_share ? 1 : what == What::slow_rate ? 1e12 : 1e9;
    return spec;
}

/// How far what `written` gives may be from the value: half a message, or the fourth digit.
double rounding(What what, double value) {
    return what == What::queue_bound ? 0.5 : value * 0.005;
}

/// What the parameter is where it acts, and how far `at` may be from that; or what is missing there.
struct Place {
    double value = 0;
    double tolerance = 0;
    std::string problem;
};

Place place_of(What what, const Scenario& scenario) {
    const Cohort* slow = find_cohort(scenario, "slow");
    if (what == What::slow_share) {
        if (slow == nullptr || find_cohort(scenario, "healthy") == nullptr)
            return {.problem = "slow-share needs two cohorts, 'slow' and 'healthy'"};
        double all = 0;
        for (const Cohort& cohort : scenario.cohorts)
            all += cohort.connections;
        return {slow->connections / all, 1 / all + 1e-9, ""};
    }
    if (what == What::slow_rate) {
        if (slow == nullptr || slow->reading.mode != Reading::Mode::limited)
            return {.problem = "slow-rate needs a cohort 'slow' with reading: {mode: limited, rate: …}"};
        return {slow->reading.bytes_per_second, rounding(what, slow->reading.bytes_per_second), ""};
    }
    const auto bound = scenario.settings.find("queue_messages_high");
    if (bound == scenario.settings.end()) return {.problem = "queue-bound needs target.settings.queue_messages_high"};
    const auto value = parse_quantity(bound->second);
    if (!value) return {0, std::numeric_limits<double>::infinity(), ""};  // noted where it stands
    return {value->value, rounding(what, value->value), ""};
}

/// Of so many, those of other cohorts stay what they are, and one stays healthy.
void check_share(Section& section, const FreeParameter& free, const Scenario& scenario) {
    const Cohort* slow = find_cohort(scenario, "slow");
    const Cohort* healthy = find_cohort(scenario, "healthy");
    if (slow == nullptr || healthy == nullptr) return;  // noted
    double all = 0;
    for (const Cohort& cohort : scenario.cohorts)
        all += cohort.connections;
    const double most = slow->connections + healthy->connections - 1.0;
    const double wanted = parse_quantity(written(free.what, free.to))->value;  // as it would be written
    if (std::round(wanted * all) <= most) return;
    section.mistake("to", fmt::format("that would be {:.0f} of {:.0f} connections; {:.0f} can be slow, and one of "
                                      "'healthy' stays: {:.4g}% at most",
                                      std::round(wanted * all), all, most, std::floor(1e4 * most / all) / 100));
}

void read_free(const YAML::Node& node, Mistakes& mistakes, const Scenario& scenario, Record& record) {
    Section section(mistakes, node, free_keys(), "a free parameter");
    std::size_t which = std::size(free_names);
    if (section.has("what")) section.read_choice("what", which);
    if (which == std::size(free_names)) return;  // noted; what its values would be is not known
    FreeParameter free{.what = static_cast<What>(which)};
    if (std::any_of(record.free.begin(), record.free.end(), [&](const auto& f) { return f.what == free.what; }))
        section.mistake("what", fmt::format("{} stands twice", to_string(free.what)));
    bool good = true;
    for (const auto& [key, out] : {std::pair("at", &free.at), {"from", &free.from}, {"to", &free.to}}) {
        std::string text;
        section.read(key, text);
        good = good && !text.empty();
        if (text.empty()) continue;
        const auto value = parse_option(spec_of(free.what, key), text);
        if (value) {
            *out = std::get<double>(*value);
        } else {
            mistakes.add(section.at(key), value.error().message);
            good = false;
        }
    }
    record.free.push_back(free);
    if (!good) return;
    const auto words = [&](double value) { return written(free.what, value); };
    if (free.from >= free.to) {
        section.mistake("from", fmt::format("is not below 'to', {}", words(free.to)));
    } else if (free.at < free.from - rounding(free.what, free.from) ||
               free.at > free.to + rounding(free.what, free.to)) {
        section.mistake("at", fmt::format("is outside {}..{}", words(free.from), words(free.to)));
    }
    if (free.what == What::slow_share) check_share(section, free, scenario);
    const Place place = place_of(free.what, scenario);
    if (!place.problem.empty()) {
        section.mistake("what", place.problem);
    } else if (std::fabs(place.value - free.at) > place.tolerance) {
        section.mistake("at", fmt::format("the scenario has it at {}", words(place.value)));
    }
}

}  // namespace

void read_record(Section& file, Mistakes& mistakes, Scenario& scenario) {
    if (!file.has("record")) return;
    Section section(mistakes, file.at("record"), record_keys(), "a record");
    Record& record = scenario.record.emplace();
    section.read("source", record.source);
    section.read("speed", record.speed);
    const Names names = names_of(scenario);
    for (const YAML::Node& node : section.list("series", limits::recorded_series)) {
        Section one(mistakes, node, recorded_series_keys(), "a recorded series");
        RecordedSeries series;
        one.read("name", series.name);
        one.read("scale", series.scale);
        read_measure(one, mistakes, names, series);
        read_points(one, mistakes, series.points);
        note_duplicate(one, series.name, scenario_parts::names(record.series));
        record.series.push_back(std::move(series));
    }
    for (const YAML::Node& node : section.list("free", std::size(free_names)))
        read_free(node, mistakes, scenario, record);
}

}  // namespace scenario_parts
}  // namespace squall
