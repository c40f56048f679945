#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "suites/report/axis.hpp"
#include "suites/report/html.hpp"
#include "suites/report/svg.hpp"

namespace squall::report {
namespace {

constexpr double lane = 19;
constexpr std::size_t lanes_max = 24;

std::string bar(const Scene::Spell& spell, const Scene& scene, double y, bool fault) {
    const double from = static_cast<double>(spell.start) / static_cast<double>(scene.end);
    const double wide = static_cast<double>(spell.end - spell.start) / static_cast<double>(scene.end);
    // A name goes where there is room for it: it may be longer than its bar.
    const bool to_the_left = fault && from > 0.6;
    const auto name = fmt::format(
        R"(<svg x="{}" y="{}" width="{}" height="{}" overflow="{}"><text x="{}" y="12" text-anchor="{}" class="name" )"
        R"(fill="#222">{}</text></svg>)",
        svg::at(to_the_left ? spell.start + std::min(spell.end - spell.start, scene.end) : spell.start, scene.end), y,
        fault ? "1" : fmt::format("{:.2f}%", wide * 100), lane, fault ? "visible" : "hidden", to_the_left ? -4 : 4,
        to_the_left ? "end" : "start", escape(spell.name));
    return fmt::format(R"(<rect class="{}" x="{}" y="{}" width="{:.2f}%" height="{}" fill="{}" fill-opacity="0.45" )"
                       R"(stroke="#777" stroke-width="0.5"><title>{}: {:.2f} s to {:.2f} s</title></rect>)",
                       fault ? "fault-bar" : "phase-bar", svg::at(spell.start, scene.end), y,
                       std::max(wide, 0.002) * 100, lane - 4, fault ? "#E69F00" : "#B9C7D6", escape(spell.name),
                       to_seconds(spell.start), to_seconds(spell.end)) +
           name;
}

}  // namespace

std::string draw_timeline(const Scene& scene) {
    if (scene.phases.empty() || scene.end <= 0) return {};
    std::string inside, words = "Phases:";
    for (const auto& phase : scene.phases) {
        inside += bar(phase, scene, 2, false);
        words +=
            fmt::format(" {} from {:.2f} s to {:.2f} s,", phase.name, to_seconds(phase.start), to_seconds(phase.end));
    }
    std::vector<std::string> lanes;  // a fault that comes again has one lane; what does not fit is in the table below
    std::size_t left_out = 0;
    for (const auto& fault : scene.faults) {
        auto found = std::find(lanes.begin(), lanes.end(), fault.name);
        const bool fresh = found == lanes.end();
        if (fresh && lanes.size() == lanes_max) {
            ++left_out;
            continue;
        }
        if (fresh) found = lanes.insert(lanes.end(), fault.name);
        auto shown = fault;
        if (!fresh) shown.name.clear();
        inside += bar(shown, scene, 2 + lane * static_cast<double>(found - lanes.begin() + 1), true);
        words += fmt::format(" fault {} from {:.2f} s to {:.2f} s,", fault.name, to_seconds(fault.start),
                             to_seconds(fault.end));
    }
    const double tall = 4 + lane * static_cast<double>(lanes.size() + 1) + (scene.marks.empty() ? 0 : 28);
    inside += svg::marks(scene, tall, tall - 28);
    for (const auto& mark : scene.marks)
        words += fmt::format(" violation of finding {} from {:.2f} s,", mark.finding, to_seconds(mark.at));
    words.back() = '.';
    const auto picture = fmt::format(R"(<svg class="timed" width="100%" height="{}">{}</svg>{})", tall, inside,
                                     svg::time_ticks(scene.end, tall));
    const char* note = scene.marks.empty() ? "" : "; flags: the beginning of a violation, by the finding's number";
    return fmt::format(R"(<figure class="plot timeline" id="plot-timeline"><figcaption><b>Phases and faults</b> )"
                       R"(<small>seconds since the run's start{}{}</small></figcaption>{}</figure>)"
                       "\n",
                       note, left_out > 0 ? fmt::format("; {} more in the table of faults", left_out) : "",
                       svg::picture(words, scene.end, tall + svg::bottom, picture));
}

std::string draw_distributions(const std::string& id, const std::string& title,
                               const std::vector<Distribution>& distributions) {
    Nanos low = std::numeric_limits<Nanos>::max(), high = 0;
    for (const auto& distribution : distributions) {
        if (distribution.values.empty()) continue;
        low = std::min(low, std::max<Nanos>(distribution.values.min(), 1));
        high = std::max(high, distribution.values.max());
    }
    if (high <= 0) return {};
    constexpr double per_decade = 16;
    const Axis across = value_axis(to_seconds(low), to_seconds(high), dimension::time, false, true);
    const auto bucket = [&](Nanos value) {
        return static_cast<int>(std::floor(std::log10(static_cast<double>(std::max<Nanos>(value, 1))) * per_decade));
    };
    double most = 0;
    std::vector<std::map<int, double>> shares;
    for (const auto& distribution : distributions) {
        auto& own = shares.emplace_back();
        for (const auto& [number, times] : distribution.values.buckets()) {
            auto& share = own[bucket(std::min(Histogram::upper_end(number), distribution.values.max()))];
            share += static_cast<double>(times) / static_cast<double>(distribution.values.count());
            most = std::max(most, share);
        }
    }
    const Axis up = value_axis(0, most, dimension::none, true, false);
    std::string lines, legend, ticks = svg::grid(up, 4), words = title + ".";
    for (std::size_t n = 0; n < distributions.size(); ++n) {
        if (shares[n].empty()) continue;
        std::string path;
        const auto x = [&](int number) { return 1000 * across.share(std::pow(10, number / per_decade - 9)); };
        for (int number = shares[n].begin()->first - 1; number <= shares[n].rbegin()->first + 1; ++number) {
            const auto found = shares[n].find(number);
            const double y = svg::height * (1 - up.share(found == shares[n].end() ? 0 : found->second));
            path += fmt::format("{}{:.1f} {:.1f}H{:.1f}", path.empty() ? "M" : "L", x(number), y, x(number + 1));
        }
        const auto& values = distributions[n].values;
        lines += fmt::format(R"(<path d="{}" vector-effect="non-scaling-stroke"{}/>)", path, svg::stroke(n));
        const auto median = format_quantity(to_seconds(*values.quantile(0.5)), dimension::time);
        legend += fmt::format(R"(<span class="key">{}&#160;{} <small>{} values, median&#160;{}</small></span> )",
                              svg::sample(n), escape(distributions[n].name), values.count(), median);
        words += fmt::format(" {}: {} values, median {}, p99 {}, at most {}.", distributions[n].name, values.count(),
                             median, format_quantity(to_seconds(*values.quantile(0.99)), dimension::time),
                             format_quantity(to_seconds(values.max()), dimension::time));
    }
    for (const Tick& tick : across.ticks) {
        ticks += fmt::format(R"(<text x="{:.2f}%" y="{}" text-anchor="middle">{}</text>)",
                             100 * across.share(tick.value), svg::height + 19, tick.label);
    }
    const auto inside = fmt::format(R"({}<svg y="4" width="100%" height="{}" viewBox="0 0 1000 {}" )"
                                    R"(preserveAspectRatio="none">{}</svg>)",
                                    ticks, svg::height, svg::height, lines);
    return fmt::format(R"(<figure class="plot still" id="plot-{}"><figcaption><b>{}</b> <small>share of each phase's )"
                       R"(values, 16 steps a decade; logarithmic scale</small><br>{}</figcaption>{}</figure>)"
                       "\n",
                       escape(id), escape(title), legend, svg::picture(words, 0, svg::height + 26, inside));
}

}  // namespace squall::report
