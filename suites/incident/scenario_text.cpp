#include "suites/incident/scenario_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "suites/incident/course.hpp"
#include "suites/incident/text.hpp"

namespace squall::incident {
namespace {

constexpr std::size_t series_max = 64, points_max = 300;  // of the scenario, and of each series in it
constexpr double headroom_share = 0.9, canary_bytes_max = 900e6;

std::string exact(double value) {
    return fmt::format("{:.9g}", value);
}
/// Exact to three digits: what a scenario says has to be what it does.
std::string seconds(double value) {
    return fmt::format("{:.10g}s", std::round(value * 1000) / 1000);
}
/// Of a share.
double three_digits_below(double value) {
    const double digit = std::pow(10, std::floor(std::log10(std::max(value, 1e-9))) - 2);
    return std::floor(value / digit + 1e-9) * digit;
}
std::string cores(double value) {
    return fmt::format("{:.3g}", value);
}

std::string in_quotes(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : as_line(text)) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "\"";
}

/// A fault and when it is in force; phases are cut out of it.
struct Use {
    std::string fault, name, options;
    double from_s = 0, until_s = 0;
    bool at_once = false;  ///< an instant: in the phase that it falls in, for as long as that goes on
};

struct PhaseSpan {
    std::string name;
    double from_s = 0, until_s = 0;
};

class Writer {
public:
    Writer(const Plan& plan, const Recognition& recognition, const Source& source)
        : plan_(plan), recognition_(recognition), source_(source) {
        cut_phases();
        collect_faults();
    }

    std::string write() {
        head();
        cohorts();
        publishers();
        phases();
        invariants();
        record();
        return std::move(text_);
    }

private:
    template <class... A>
    void line(fmt::format_string<A...> format, A&&... arguments) {
        text_ += fmt::format(format, std::forward<A>(arguments)...);
        text_ += '\n';
    }

    /// A phase wherever the publish rate turns.
    void cut_phases() {
        std::vector<double> cuts{plan_.baseline_s};
        cuts.insert(cuts.end(), plan_.turns.begin(), plan_.turns.end());
        phases_.push_back({"baseline", 0, plan_.baseline_s});
        for (std::size_t i = 0; i < cuts.size(); ++i) {
            const double until = i + 1 < cuts.size() ? cuts[i + 1] : std::max(plan_.end_s, cuts[i] + 1);
            phases_.push_back({cuts.size() == 1 ? "incident" : fmt::format("incident-{}", i + 1), cuts[i], until});
        }
    }

    void collect_faults() {
        const double begin = plan_.baseline_s, end = phases_.back().until_s;
        if (plan_.memory_imposed) {
            faults_.push_back({"memory-cap", "memory-cap",
                               fmt::format("headroom: {}B{}", exact(std::floor(*plan_.memory_headroom)),
                                           *plan_.memory_headroom < canary_bytes_max ? ", canary: true" : ""),
                               begin, end});
        }
        for (std::size_t i = 1; i < phases_.size() && !plan_.cpu_cap.empty(); ++i)
            cpu_cap(phases_[i]);
        for (std::size_t i = 0; i < plan_.churn.size(); ++i) {
            faults_.push_back({"subscribe-churn", fmt::format("churn-{}", i + 1),
                               fmt::format("cohort: healthy, rate: {:.3g}/s", plan_.churn[i].value),
                               plan_.churn[i].from_s, plan_.churn[i].until_s});
        }
        for (std::size_t i = 0; i < plan_.slowed.size(); ++i) {
            faults_.push_back({"slow-reader", fmt::format("slow-later-{}", i + 1),
                               fmt::format("cohort: slow-later-{}, mode: limited, rate: {}", i + 1, rate()),
                               plan_.slowed[i].from_s, std::min(plan_.slowed[i].until_s, end)});
        }
        for (std::size_t i = 0; i < plan_.movements.size(); ++i) {
            const Movement& movement = plan_.movements[i];
            const double at = movement.join ? 0.2 : (movement.from_s + movement.until_s) / 2;
            faults_.push_back({"mass-disconnect", fmt::format("{}-{}", movement.join ? "not-yet" : "leave", i + 1),
                               fmt::format("cohort: {}", cohort_of(i)), at, at, true});
        }
        // Each is over before the next one, so that one is in charge of whether the target runs.
        constexpr double kill_lasts = 1.5;
        for (std::size_t i = 0; i < plan_.kills.size(); ++i)
            faults_.push_back({"kill", fmt::format("kill-{}", i + 1), "restart_after: 1s", plan_.kills[i],
                               plan_.kills[i] + kill_lasts, true});
    }

    void cpu_cap(const PhaseSpan& phase) {
        std::map<double, double> steps{{0, plan_.cpu_cap.front().value}};  // by milliseconds: of one the last counts
        for (const Point& step : plan_.cpu_cap)
            if (step.at_s < phase.until_s)
                steps[std::max(std::round((step.at_s - phase.from_s) * 1000), 0.0)] = step.value;
        std::string curve;
        for (const auto& [at_ms, value] : steps)
            curve += at_ms == 0 ? cores(value) : fmt::format(", {} at {}", cores(value), seconds(at_ms / 1000));
        const std::string name = phases_.size() == 2 ? "cpu-cap" : "cpu-cap-" + phase.name;
        faults_.push_back({"cpu-cap", name, fmt::format("cores: \"{}\"", curve), phase.from_s, phase.until_s});
    }

    std::string cohort_of(std::size_t movement) const {
        return fmt::format("{}-{}", plan_.movements[movement].join ? "joining" : "leaving", movement + 1);
    }

    void head() {
        line("# Written by squall incident import, from {}. What was recorded stands at the end, under 'record'.",
             in_quotes(source_.file));
        for (const Decision& decision : plan_.decisions) {
            line("#   {:<9} {}: {}", to_string(decision.by), decision.what, as_line(decision.text));
        }
        line("name: {}", source_.name);
        line("summary: {}", in_quotes(fmt::format("Replays {}: 1 connection for {:g}, {:g} recorded seconds a second.",
                                                  source_.file, plan_.scale, plan_.speed)));
        line("target:\n  settings:\n    queue_messages_high: {0}\n    queue_messages_low: {1}", plan_.queue_bound,
             std::floor(plan_.queue_bound / 2));
        // Kept once whatever the number of clients, which is none of the queues.
        if (plan_.memory_headroom) line("    replay_messages: 16");
        line("connect_deadline: 60s");
    }

    void cohorts() {
        // Those who lose their connection come back, as browsers and apps do.
        const std::string back = fmt::format("reconnect: {{policy: exponential, delay: {}, jitter: 50%}}",
                                             seconds(std::max(1 / plan_.speed, 0.1)));
        line("cohorts:");
        line(
            "  # They do not ask for what they missed: what a server keeps for that does not shrink with its clients.");
        line("  - {{name: healthy, protocol: any, connections: {}, last_event_id: false, {}}}", healthy(), back);
        // What the kernel holds for a slow reader is no queue of the server's.
        const auto buffer = std::clamp(plan_.message_bytes, 4096U, 262144U);
        line("  - name: slow\n    protocol: any\n    connections: {}\n    receive_buffer: {}B", plan_.slow, buffer);
        line("    last_event_id: false\n    reading: {{mode: limited, rate: {}}}\n    {}", rate(), back);
        for (std::size_t i = 0; i < plan_.slowed.size(); ++i) {
            line(
                "  - name: slow-later-{}\n    protocol: any\n    connections: {:.0f}\n    receive_buffer: {}B\n    "
                "last_event_id: false\n    {}",
                i + 1, plan_.slowed[i].value, buffer, back);
        }
        for (std::size_t i = 0; i < plan_.movements.size(); ++i) {
            const Movement& movement = plan_.movements[i];
            if (!movement.join) {
                line("  - {{name: {}, protocol: any, connections: {}}}", cohort_of(i), movement.connections);
                continue;
            }
            // They leave at the beginning, and come back one after the other while the number rises.
            const double until = std::max(movement.until_s - 0.2, 0.1), over = movement.until_s - movement.from_s;
            line("  - name: {}\n    protocol: any\n    connections: {}\n    last_event_id: false", cohort_of(i),
                 movement.connections);
            line("    reconnect: {{policy: fixed, delay: {}, jitter: {:.4g}%}}", seconds(until),
                 std::min(100.0, 100 * over / until));
        }
    }

    void publishers() {
        line("publishers:");
        const auto& rates = plan_.publish_rate;
        const auto constant = [](double per_second) {
            return fmt::format("arrivals: {{process: constant, rate: {:.4g}/s}}", std::max(per_second, 0.01));
        };
        if (phases_.size() == 2 && rates.size() == 1) {
            line("  - {{name: publisher, via: any, size: {}B, {}}}", plan_.message_bytes,
                 constant(rates.front().value));
            return;
        }
        for (const PhaseSpan& phase : phases_) {
            const double from = course_at(rates, phase.from_s), until = course_at(rates, phase.until_s);
            const bool flat = std::fabs(from - until) <= 0.01 * std::max(from, until) || std::max(from, until) <= 0.01;
            const std::string arrivals =
                flat ? constant(from)
                     : fmt::format("arrivals: {{process: ramp, rate: {:.4g}/s, rate_end: {:.4g}/s}}", from, until);
            line("  - {{name: publisher-{0}, via: any, size: {1}B, {2}, during: [{0}]}}", phase.name,
                 plan_.message_bytes, arrivals);
        }
    }

    void phases() {
        line("phases:");
        for (const PhaseSpan& phase : phases_) {
            line("  - name: {}\n    duration: {}", phase.name, seconds(phase.until_s - phase.from_s));
            std::string faults;
            for (const Use& use : faults_)
                faults += within(use, phase);
            if (!faults.empty()) text_ += "    faults:\n" + faults;
        }
    }

    static std::string within(const Use& use, const PhaseSpan& phase) {
        const double length = phase.until_s - phase.from_s;
        const double at = std::max(use.from_s - phase.from_s, 0.0);
        if (use.at_once) {
            if (use.from_s < phase.from_s || use.from_s >= phase.until_s) return "";
            const double begin = std::min(at, length - 0.1),
                         lasts = std::min(use.until_s - use.from_s, length - begin - 0.01);
            return fmt::format("      - {{fault: {}, name: {}, at: {}{}, {}}}\n", use.fault, use.name, seconds(begin),
                               lasts > 0 ? ", for: " + seconds(lasts) : "", use.options);
        }
        const double until = std::min(use.until_s - phase.from_s, length);
        if (until - at < 0.2) return "";
        const bool whole = use.from_s >= phase.from_s && use.until_s <= phase.until_s;
        const std::string name = whole ? use.name : fmt::format("{}-{}", use.name, phase.name);
        const std::string lasts = until < length - 0.01 ? fmt::format(", for: {}", seconds(until - at)) : "";
        return fmt::format("      - {{fault: {}, name: {}, at: {}{}, {}}}\n", use.fault, name, seconds(at), lasts,
                           use.options);
    }

    void invariants() {
        line("invariants:");
        if (plan_.memory_headroom) {
            line("  # Nine tenths of the limit that was recorded: somebody is paged while there is still time.");
            line("  - name: memory stays clear of its limit");
            line("    expect: max(target.memory) <= baseline + {} * {}B always", headroom_share,
                 exact(std::floor(*plan_.memory_headroom)));
        }
        line("  - name: queues keep to their bound");
        line("    expect: max(queue.depth) <= setting.queue_messages_high always");
        if (plan_.kills.empty()) {
            line("  - name: it answers its liveness check\n    expect: min(target.alive) == 1 always");
            line("  - name: nobody who reads is disconnected");
            line("    expect: count(disconnects{{cohort=healthy}}) == 0 always");
        } else {
            line("  # What a process takes with it when it is killed is not accounted for.");
            line(
                "  - {{name: books of messages, expect: accounted(messages) >= 0% always, requirement: "
                "informational}}");
        }
        const double per_second = plan_.published_at_first();
        line("  # Who reads has a message before five more of them are due, or in 100 ms.");
        line("  - name: who reads does not wait for who does not");
        line("    expect: p99(delivery.latency{{cohort=healthy}}) <= max(5 / {:.4g}/s, 100ms) always",
             std::max(per_second, 0.01));
        if (!plan_.kills.empty()) line("    requirement: informational");  // what was missed comes late
        line("  # What operators aim for.");
        line("  - {{name: queues are short, expect: p95(queue.depth) < 5 always, requirement: informational}}");
        line("  - name: few are slow");
        line("    expect: max(slow.consumers) <= 0.001 * max(connections) always");
        line("    requirement: informational");
        if (plan_.memory_headroom) {
            line("  - name: queues take little of the memory");
            line("    expect: max(queued.bytes) <= 0.05 * {}B always", exact(std::floor(*plan_.memory_headroom)));
            line("    requirement: informational");
        }
    }

    void record() {
        std::string series;
        std::vector<std::string> names;
        for (const Recognised& one : recognition_.recognised) {
            const std::string course = points(one.points);
            if (one.measure().empty() || course.empty() || names.size() == series_max) continue;
            std::string name = in_quotes(beginning(as_line(fmt::format("{}", fmt::join(one.names, " + "))), 200));
            if (std::find(names.begin(), names.end(), name) != names.end()) name = in_quotes(one.word());
            names.push_back(name);
            series +=
                fmt::format("    - name: {}\n      measure: {}\n      unit: {}\n      scale: {}\n      points: [{}]\n",
                            name, one.measure(), to_string(one.meaning->unit),
                            exact(std::clamp(replayed_scale(plan_, one.meaning->scaling), 1e-12, 1e12)), course);
        }
        if (series.empty()) return;
        line("record:\n  source: {}\n  speed: {}", in_quotes(source_.file), exact(plan_.speed));
        const double lead = (plan_.begin_s - plan_.baseline_s) * plan_.speed;
        if (lead > 0.01)
            line("  # Points begin {} late: the lead-in, in which queues grow to what they were.", seconds(lead));
        line("  series:\n{}  free:", series);
        const double all = total();
        const double share = plan_.slow / all, least = std::min(share, std::max(0.5 / all, 1e-6));
        // Whoever is neither slow nor healthy has a course of its own, and cannot become slow.
        const double most = three_digits_below((healthy() + plan_.slow - 1) / all);
        if (plan_.slowed.empty() && most > share)
            line("    - {{what: slow-share, at: {:.4g}%, from: {:.4g}%, to: {:.4g}%}}", 100 * share, 100 * least,
                 100 * std::min(most, std::max(5 * share, 0.05)));
        const double published = plan_.message_bytes * plan_.published_at_first();
        const double pace = std::max(std::round(plan_.slow_rate), 1.0);
        line("    - {{what: slow-rate, at: {}, from: {:.0f}B/s, to: {:.0f}B/s}}", rate(),
             std::clamp(published / 100, 1.0, pace), std::max(published * 1.5, pace + 1));
        line("    - {{what: queue-bound, at: {:.0f}, from: {:.0f}, to: {:.0f}}}", plan_.queue_bound, 10.0,
             std::max(10'000.0, 10 * plan_.queue_bound));
    }

    std::string rate() const { return fmt::format("{:.0f}B/s", std::max(std::round(plan_.slow_rate), 1.0)); }

    /// Who stays throughout, and reads.
    std::uint32_t healthy() const {
        std::uint32_t healthy = plan_.healthy;
        for (const Movement& movement : plan_.movements)
            if (!movement.join) healthy -= std::min(healthy - 1, movement.connections);
        for (const Spell& spell : plan_.slowed)
            healthy -= std::min(healthy - 1, static_cast<std::uint32_t>(spell.value));
        return healthy;
    }

    double total() const {
        double all = plan_.slow + plan_.healthy;
        for (const Movement& movement : plan_.movements)
            if (movement.join) all += movement.connections;
        return all;
    }

    /// Of more points than anybody can tell apart, the means of as many spells. Empty: there are not two.
    std::string points(const std::vector<Point>& all) const {
        const double lead = (plan_.begin_s - plan_.baseline_s) * plan_.speed;
        const std::size_t each = (all.size() + points_max - 1) / points_max;
        std::string text;
        double last = -1;
        std::size_t many = 0;
        for (std::size_t i = 0; i < all.size(); i += each) {
            const std::size_t end = std::min(i + each, all.size());
            double at = 0, value = 0;
            for (std::size_t j = i; j < end; ++j) {
                at += all[j].at_s / static_cast<double>(end - i);
                value += all[j].value / static_cast<double>(end - i);
            }
            at = std::round((at + lead) * 1000) / 1000;
            if (at <= last) continue;
            last = at;
            ++many;
            text += fmt::format("{}[{}, {}]", text.empty() ? "" : ", ", at, exact(value));  // at: to the last digit
        }
        return many < 2 ? "" : text;  // one says nothing of how it went on
    }

    const Plan& plan_;
    const Recognition& recognition_;
    const Source& source_;
    std::vector<PhaseSpan> phases_;
    std::vector<Use> faults_;
    std::string text_;
};

}  // namespace

std::string scenario_name(std::string_view file) {
    if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
    if (const auto dot = file.rfind('.'); dot != std::string_view::npos && dot > 0) file = file.substr(0, dot);
    std::string name;
    for (const char c : file.substr(0, 50)) {
        if (is_letter(c) || is_digit(c)) {
            name += lower(c);
        } else if (!name.empty() && name.back() != '-') {
            name += '-';
        }
    }
    while (!name.empty() && name.back() == '-')
        name.pop_back();
    return name.empty() || !is_letter(name.front()) ? "incident" + (name.empty() ? "" : "-" + name) : name;
}

std::string to_scenario(const Plan& plan, const Recognition& recognition, const Source& source) {
    return Writer(plan, recognition, source).write();
}

}  // namespace squall::incident
