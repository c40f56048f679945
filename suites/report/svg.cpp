#include "suites/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "suites/report/axis.hpp"
#include "suites/report/html.hpp"

namespace squall::report::svg {
namespace {

struct Style {
    const char* colour;  ///< on white; page_style() has the one on black
    const char* dashes;
};
constexpr std::array styles{Style{"#0072B2", "none"}, Style{"#D55E00", "none"},    Style{"#009E73", "6 2"},
                            Style{"#B45A8F", "2 2"},  Style{"#B87A00", "8 3 2 3"}, Style{"#3B93C4", "4 2"},
                            Style{"#6B6B6B", "1 3"},  Style{"#7A6A00", "10 3"}};

double share(Nanos when, Nanos end) {
    return end <= 0 ? 0 : std::clamp(static_cast<double>(when) / static_cast<double>(end), 0.0, 1.0);
}

}  // namespace

std::string at(Nanos when, Nanos end) {
    return fmt::format("{:.2f}%", share(when, end) * 100);
}

std::string stroke(std::size_t style) {
    const std::size_t n = style % styles.size();
    return fmt::format(R"( class="l{}" fill="none" stroke="{}" stroke-width="1.7" stroke-dasharray="{}")", n,
                       styles[n].colour, styles[n].dashes);
}

std::string sample(std::size_t style) {
    return R"(<svg width="24" height="9" aria-hidden="true"><path d="M1 5H23")" + stroke(style) + "/></svg>";
}

std::string background(const Scene& scene, double tall) {
    std::string text;
    for (const auto& fault : scene.faults) {
        const double wide = share(fault.end, scene.end) - share(fault.start, scene.end);
        text += fmt::format(
            R"(<rect class="fault" x="{}" y="{}" width="{:.2f}%" height="{}" fill="#E69F00" fill-opacity="0.14"/>)",
            at(fault.start, scene.end), top, std::max(wide, 0.002) * 100, tall - top);
    }
    for (const auto& phase : scene.phases) {
        const auto x = at(phase.start, scene.end);
        const double wide = share(phase.end, scene.end) - share(phase.start, scene.end);
        text += fmt::format(
            R"(<line class="phase" x1="{0}" x2="{0}" y1="2" y2="{1}" stroke="#999" stroke-dasharray="2 3"/>)"
            R"(<svg x="{0}" width="{2:.2f}%" height="{3}"><text x="4" y="11">{4}</text></svg>)",
            x, tall, wide * 100, top, escape(phase.name));
    }
    return text;
}

std::string marks(const Scene& scene, double tall, double flags_at) {
    struct Flag {
        Nanos at = 0;
        std::string numbers, names;
    };
    std::vector<Flag> flags;  // what began at almost one instant shares one
    for (const auto& mark : scene.marks) {
        const auto near = std::find_if(flags.begin(), flags.end(), [&](const Flag& flag) {
            return std::abs(share(flag.at, scene.end) - share(mark.at, scene.end)) < 0.02;
        });
        if (near == flags.end()) {
            flags.push_back({mark.at, fmt::format("#{}", mark.finding), mark.name});
        } else {
            if (near->numbers.size() < 10)
                near->numbers += fmt::format(",{}", mark.finding);
            else if (near->numbers.back() != '+')
                near->numbers += '+';
            near->names += "; " + mark.name;
        }
    }
    std::string text;
    double row = 0, last = -1;  // close together they stand one below the other
    for (const auto& flag : flags) {
        const auto x = at(flag.at, scene.end);
        const double wide = 8 + 6.2 * static_cast<double>(flag.numbers.size());
        // At the right edge there is no room to the right.
        const double left = share(flag.at, scene.end) > 0.85 ? -wide : 0;
        row = share(flag.at, scene.end) - last < 0.16 ? std::fmod(row + 14, 28) : 0;
        last = share(flag.at, scene.end);
        text += fmt::format(
            R"(<g class="mark"><title>{0}: {1}</title>)"
            R"(<line x1="{2}" x2="{2}" y1="{3}" y2="{4}" stroke="#B00020" stroke-width="1.5"/>)"
            R"(<svg x="{2}" y="{10}" width="1" height="14" overflow="visible">)"
            R"(<path d="M{5:.1f} {8}h{6:.1f}v13h-{6:.1f}z" fill="#B00020"/><text x="{7:.1f}" y="{9}" font-size="10" )"
            R"(fill="#fff">{0}</text></svg></g>)",
            flag.numbers, escape(flag.names), x, std::min(top, flags_at), tall, left, wide, left + 4, row, row + 10,
            flags_at);
    }
    return text;
}

std::string time_ticks(Nanos end, double y) {
    std::string text;
    for (const Tick& tick : time_axis(end).ticks) {
        const double when = tick.value / std::max(to_seconds(end), 1e-3) * 100;
        text += fmt::format(R"(<text class="when" x="{:.2f}%" y="{}" text-anchor="middle">{}</text>)", when, y + 15,
                            tick.label);
    }
    return text;
}

std::string grid(const Axis& axis, double from_top) {
    std::string text;
    for (const Tick& tick : axis.ticks) {
        const double y = from_top + height * (1 - axis.share(tick.value));
        text += fmt::format(
            R"(<line class="grid" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}" stroke="#ccc" stroke-width="0.7"/>)"
            R"(<text x="-7" y="{1:.1f}" text-anchor="end">{2}</text>)",
            y, y + 4, escape(tick.label));
    }
    return text;
}

std::string picture(const std::string& name, Nanos end, double tall, const std::string& inside) {
    return fmt::format(
        R"(<div class="chart"><svg class="chart-in" role="img" aria-label="{}" data-end="{:.6f}" width="100%" )"
        R"(height="{}" overflow="visible" font-size="11" )"
        R"(font-family="system-ui, sans-serif" fill="#555">{}</svg></div>)",
        escape(name), to_seconds(end), tall, inside);
}

}  // namespace squall::report::svg
