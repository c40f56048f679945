#include "suites/report/run_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "suites/invariants/window.hpp"
#include "suites/report/facts.hpp"
#include "suites/report/latency.hpp"

namespace squall::report {
namespace {

constexpr std::size_t cohorts_drawn_max = 6;
constexpr std::size_t series_drawn_max = 8;

std::size_t weight(const Finding& finding) {
    return finding.requirement == Requirement::informational ? 0 : static_cast<std::size_t>(finding.verdict);
}

bool violated(const Finding& finding) {
    return finding.verdict == Verdict::fail && finding.requirement != Requirement::informational;
}

Nanos end_of(const History& history) {
    Nanos end = 0;
    for (const Span& span : history.spans())
        end = std::max(end, span.end);
    for (const auto& [key, points] : history.gauges()) {
        for (const Point& point : points)
            end = std::max(end, point.at);
    }
    return end;
}

Scene scene_of(const Scenario& scenario, const History& history, const Judgement& judgement) {
    Scene scene;
    scene.end = end_of(history);
    for (const auto& phase : scenario.phases) {
        if (const Span* span = history.find_span(phase.name))
            scene.phases.push_back({phase.name, span->start, span->end});
    }
    for (const Injected& injected : injections_of(history)) {
        if (!injected.from) continue;
        scene.faults.push_back({injected.name, *injected.from, injected.until.value_or(scene.end)});
    }
    std::size_t number = 0;
    for (const Finding* finding : by_weight(judgement)) {
        ++number;
        if (violated(*finding) && finding->since) scene.marks.push_back({*finding->since, number, finding->name});
    }
    return scene;
}

/// A plot, and what invariants have to be about so that their limits are drawn in it.
struct Drawn {
    Plot plot;
    std::string metric;
    std::string cohort = {}, protocol = {};  ///< empty: whatever they select
};

class Collector {
public:
    Collector(const Scenario& scenario, const History& history, Nanos end)
        : scenario_(scenario), history_(history), end_(end) {}

    void collect() {
        latency();
        traffic();
        connections();
        queues();
        process();
        rig();
        what_invariants_ask_for();
    }
    void limits(const Judgement& judgement);
    std::vector<Plot> take(std::vector<std::string>& left_out);

private:
    Line gauge(const char* metric, const char* name, std::size_t style, std::vector<Selector> selectors = {}) const {
        return gauge_line(history_, metric, selectors, name, style);
    }
    Line rate(const char* metric, const char* name, std::size_t style) const {
        return rate_line(history_, metric, {}, name, style, end_);
    }
    void add(Plot plot, std::string metric) { drawn_.push_back({std::move(plot), std::move(metric)}); }

    void latency();
    void traffic();
    void connections();
    void queues();
    void process();
    void rig();
    void what_invariants_ask_for();
    void generic(const Metric& metric);

    const Scenario& scenario_;
    const History& history_;
    const Nanos end_;
    std::vector<Drawn> drawn_;
};

void Collector::latency() {
    struct Shown {
        Selector selector;
        std::string name, cohort, protocol;
    };
    std::vector<Shown> shown;
    for (const auto& cohort : scenario_.cohorts) {
        const std::string protocol(to_string(cohort.protocol));
        shown.push_back({{"cohort", cohort.name}, cohort.name + " (" + protocol + ")", cohort.name, protocol});
    }
    if (shown.size() > cohorts_drawn_max) {
        shown = {{{"protocol", "sse"}, "all over sse", "", "sse"},
                 {{"protocol", "websocket"}, "all over websocket", "", "websocket"}};
    }
    std::size_t number = 0;
    for (const auto& [selector, name, cohort, protocol] : shown) {
        Plot plot{.id = fmt::format("latency-{}", ++number), .title = "Delivery latency: " + name};
        plot.dimension = dimension::time;
        plot.step = bin_width(end_);
        plot.lines = quantile_lines(history_, "delivery.latency", {selector}, end_);
        drawn_.push_back({std::move(plot), "delivery.latency", cohort, protocol});
    }
}

void Collector::traffic() {
    const Nanos step = std::max(bin_width(end_), 2 * slice_length);
    add({.id = "deliveries",
         .title = "Deliveries (messages/s, all subscribers)",
         .note = "expected: accepted by the server while a subscriber was connected",
         .dimension = dimension::rate,
         .lines = {rate("messages.expected", "expected", 0), rate("messages.delivered", "delivered", 1)},
         .step = step},
        "messages.delivered");
    add({.id = "published",
         .title = "Published (messages/s)",
         .dimension = dimension::rate,
         .lines = {rate("messages.published", "accepted", 0), rate("messages.rejected", "refused", 1),
                   rate("messages.unsent", "not sent by the rig", 6)},
         .step = step},
        "messages.published");
    add({.id = "ends",
         .title = "Connections that began and ended (1/s)",
         .dimension = dimension::rate,
         .lines = {rate("connects", "connected", 0), rate("disconnects", "disconnected", 1),
                   rate("hangups", "ended by squall", 6), rate("handshake.failures", "failed to connect", 3)},
         .step = step},
        "disconnects");
}

void Collector::connections() {
    Plot plot{.id = "connections", .title = "Connections, as clients, server and kernel see them"};
    plot.lines = {gauge("connections", "clients: open", 0), gauge("declared.connections", "server: declared", 1)};
    std::size_t style = 2;
    for (const auto& [key, points] : history_.gauges()) {
        const auto state = label(key.labels, "state");
        const bool there = std::any_of(points.begin(), points.end(), [](const Point& p) { return p.value > 0; });
        const bool fresh = std::none_of(plot.lines.begin(), plot.lines.end(),
                                        [&](const Line& line) { return line.name == "kernel: " + state; });
        if (key.metric != "target.sockets" || state == "listen" || !there || !fresh) continue;
        const auto name = "kernel: " + state;
        plot.lines.push_back(gauge("target.sockets", name.c_str(), style++, {{"state", state}}));
    }
    plot.step = 2 * slice_length;
    add(std::move(plot), "connections");
}

void Collector::queues() {
    Plot plot{.id = "queue-depth", .title = "Queue depth (messages in one connection's queue, as declared)"};
    std::size_t n = 0;
    for (const auto* stat : {"p50", "p95", "p99", "max"}) {
        constexpr std::size_t styles[] = {5, 0, 1, 6};
        plot.lines.push_back(gauge("queue.depth", stat, styles[n++], {{"stat", stat}}));
    }
    plot.step = 2 * slice_length;
    add(std::move(plot), "queue.depth");
    add({.id = "queued",
         .title = "Queued, in all queues together, as declared",
         .dimension = dimension::bytes,
         .lines = {gauge("queued.bytes", "bytes", 0)},
         .step = 2 * slice_length},
        "queued.bytes");
    add({.id = "socket-queues",
         .title = "Bytes in the kernel's queues of the server's sockets",
         .dimension = dimension::bytes,
         .lines = {gauge("target.send_queue", "sent, not acknowledged", 0),
                   gauge("target.send_queue_max", "of these, fullest socket", 1),
                   gauge("target.receive_queue", "received, not read", 2)}},
        "target.send_queue");
}

void Collector::process() {
    add({.id = "memory",
         .title = "Memory of the server",
         .dimension = dimension::bytes,
         .lines = {gauge("target.memory", "its own and its sockets'", 0),
                   gauge("target.socket_memory", "of this, sockets", 2),
                   gauge("target.cgroup_memory", "charged to its control group", 6)}},
        "target.memory");
    add({.id = "cpu",
         .title = "CPU time of the server (cores)",
         .dimension = dimension::cores,
         .lines = {gauge("target.cpu", "used", 0), gauge("target.stolen", "taken by others while it wanted it", 3)}},
        "target.cpu");
    add({.id = "throttled",
         .title = "CPU throttling (share of the time)",
         .percent = true,
         .lines = {gauge("target.throttled", "throttled", 1)}},
        "target.throttled");
    add({.id = "publish-latency",
         .title = "Publishing: until the server accepted a message",
         .dimension = dimension::time,
         .lines = quantile_lines(history_, "publish.latency", {}, end_),
         .step = bin_width(end_)},
        "publish.latency");
}

void Collector::rig() {
    Plot plot{.id = "rig", .title = "The rig's own lag (p99)", .note = "what squall itself was late"};
    plot.dimension = dimension::time;
    plot.step = bin_width(end_);
    std::size_t style = 0;
    for (const auto& [metric, name] : {std::pair{"rig.publish_lag", "to publish"}, {"rig.loop_lag", "to read"}}) {
        auto lines = quantile_lines(history_, metric, {}, end_);
        plot.lines.push_back({name, std::move(lines[2].points), style++});
    }
    add(std::move(plot), "rig.publish_lag");
}

void Collector::generic(const Metric& metric) {
    const std::string name(metric.name);
    std::string id = name;
    std::replace_if(
        id.begin(), id.end(), [](char c) { return c == '.' || c == '_'; }, '-');
    Plot plot{.id = id, .title = name, .note = std::string(metric.doc)};
    plot.dimension = metric.dimension;
    plot.step = std::max(bin_width(end_), 2 * slice_length);
    if (metric.kind == MetricKind::distribution) {
        plot.lines = quantile_lines(history_, name, {}, end_);
    } else if (metric.kind == MetricKind::counter) {
        plot.title += " (1/s)";
        plot.dimension = dimension::rate;
        plot.lines = {rate_line(history_, name, {}, name, 0, end_)};
    } else {
        for (const auto& [key, points] : history_.gauges()) {
            if (key.metric != name || plot.lines.size() == series_drawn_max) continue;
            std::string labels;
            for (const auto& [label, value] : key.labels)
                labels += (labels.empty() ? "" : ", ") + value;
            plot.lines.push_back({labels.empty() ? name : labels, points, plot.lines.size()});
        }
    }
    add(std::move(plot), name);
}

void Collector::what_invariants_ask_for() {
    // What has a plot already, under its own name or in another's.
    std::set<std::string, std::less<>> covered{"connects",
                                               "hangups",
                                               "handshake.failures",
                                               "messages.expected",
                                               "messages.rejected",
                                               "messages.unsent",
                                               "declared.connections",
                                               "target.sockets",
                                               "target.cgroup_memory",
                                               "target.socket_memory",
                                               "target.receive_queue",
                                               "target.send_queue_max",
                                               "target.stolen",
                                               "rig.loop_lag",
                                               "messages"};
    for (const auto& drawn : drawn_)
        covered.insert(drawn.metric);
    for (const auto& invariant : scenario_.invariants) {
        for (const auto& measurement : measurements(invariant.expression)) {
            const Metric* metric = find_metric(measurement.metric);
            if (metric && covered.insert(measurement.metric).second) generic(*metric);
        }
    }
}

void Collector::limits(const Judgement& judgement) {
    const Names names = names_of(scenario_);
    std::size_t number = 0;
    for (const Finding* finding : by_weight(judgement)) {
        ++number;
        const auto use = std::find_if(scenario_.invariants.begin(), scenario_.invariants.end(),
                                      [&](const InvariantUse& invariant) { return invariant.name == finding->name; });
        const auto bound = parse_quantity(finding->bound);
        if (use == scenario_.invariants.end() || !bound) continue;
        const auto* left = std::get_if<Measurement>(&use->expression.left->what);
        if (!left || left->aggregation == Aggregation::slope || left->aggregation == Aggregation::count) continue;
        const Window window = window_of(use->expression, names, history_);
        if (!window.problem.empty()) continue;
        const auto selected = [&](std::string_view label) {
            for (const Selector& selector : left->selectors) {
                if (selector.label == label) return selector.value;
            }
            return std::string();
        };
        const auto cohort = selected("cohort"), protocol = selected("protocol");
        for (auto& drawn : drawn_) {
            const bool other = (!cohort.empty() && drawn.cohort != cohort) ||
                               (!protocol.empty() && !drawn.protocol.empty() && drawn.protocol != protocol);
            if (drawn.metric != left->metric || other || left->metric == "connections") continue;
            drawn.plot.limits.push_back({bound->value, std::max<Nanos>(window.start, 0), std::min(window.end, end_),
                                         number, violated(*finding)});
        }
    }
}

std::vector<Plot> Collector::take(std::vector<std::string>& left_out) {
    std::vector<Plot> plots;
    for (auto& drawn : drawn_) {
        auto& lines = drawn.plot.lines;
        const bool any = std::any_of(lines.begin(), lines.end(), [](const Line& line) { return !line.points.empty(); });
        const bool nought = std::all_of(lines.begin(), lines.end(), [](const Line& line) {
            return std::all_of(line.points.begin(), line.points.end(), [](const Point& p) { return p.value == 0; });
        });
        if (!any) {
            left_out.push_back(drawn.plot.title + ": this run has no samples of it");
        } else if (nought) {
            left_out.push_back(drawn.plot.title + ": nought throughout");
        } else {
            std::erase_if(lines, [](const Line& line) { return line.points.empty(); });
            plots.push_back(std::move(drawn.plot));
        }
    }
    return plots;
}

}  // namespace

std::vector<const Finding*> by_weight(const Judgement& judgement) {
    std::vector<const Finding*> ordered;
    for (const Finding& finding : judgement.findings)
        ordered.push_back(&finding);
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const Finding* a, const Finding* b) { return weight(*a) > weight(*b); });
    return ordered;
}

RunPlots plots_of(const Scenario& scenario, const History& history, const Judgement& judgement) {
    RunPlots result;
    result.scene = scene_of(scenario, history, judgement);
    Collector collector(scenario, history, result.scene.end);
    collector.collect();
    collector.limits(judgement);
    result.plots = collector.take(result.left_out);
    for (const auto& row : latency_rows(scenario, history)) {
        if (result.by_phase.empty() || result.by_phase.back().name != row.phase)
            result.by_phase.push_back({row.phase, {}});
        result.by_phase.back().values.merge(row.values);
    }
    return result;
}

}  // namespace squall::report
