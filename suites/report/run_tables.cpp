#include "suites/report/run_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "suites/invariants/ends.hpp"
#include "suites/invariants/facts.hpp"
#include "suites/report/facts.hpp"
#include "suites/report/html.hpp"
#include "suites/report/latency.hpp"

namespace squall::report {
namespace {

constexpr std::size_t rows_max = 200;

std::string seconds(Nanos at) {
    return fmt::format("{:.2f} s", to_seconds(at));
}

std::string duration(Nanos nanos) {
    return format_quantity(to_seconds(nanos), dimension::time);
}

struct End {
    std::string cohort, client, server, kernel, reason;
    friend auto operator<=>(const End&, const End&) = default;
};
struct Ended {
    double connections = 0;
    Nanos first = 0, last = 0;
};

End end_of(const Event& event, bool declares, bool looked) {
    End end{label(event.labels, "cohort"), "", label(event.labels, "declared"), label(event.labels, "held"),
            label(event.labels, "reason")};
    end.client =
        event.metric == "hangups" ? "ended by squall: " + label(event.labels, "how") : label(event.labels, "seen");
    if (killed(event)) end.server = "its process was ended";
    if (end.server.empty()) end.server = declares ? "said nothing of it" : "does not declare ends";
    if (end.kernel.empty()) end.kernel = looked ? "gone" : "not looked at";
    return end;
}

}  // namespace

std::string latency_html(const Scenario& scenario, const History& history) {
    const auto rows = latency_rows(scenario, history);
    if (rows.empty()) return {};
    Table table{"Delivery latency by phase and cohort",
                {"phase", "cohort", "p50", "p95", "p99", "p99.9", "max", "deliveries"},
                {},
                {false, false, true, true, true, true, true, true}};
    for (const auto& row : rows) {
        table.rows.push_back({escape(row.phase), escape(row.cohort), duration(*row.values.quantile(0.5)),
                              duration(*row.values.quantile(0.95)), duration(*row.values.quantile(0.99)),
                              duration(*row.values.quantile(0.999)), duration(row.values.max()),
                              std::to_string(row.values.count())});
    }
    return html(table) +
           "<p><small>From the instant a message was scheduled to the kernel's receive timestamp at the "
           "subscriber; each at most 0.4 % too high.</small></p>\n";
}

std::string disconnects_html(const History& history) {
    const bool declares = squall::facts::declares(history, "ends");
    const auto& gauges = history.gauges();
    const bool looked = std::any_of(gauges.begin(), gauges.end(),
                                    [](const auto& gauge) { return gauge.first.metric == "target.sockets"; });
    std::map<End, Ended> ends;
    for (const Event& event : history.events()) {
        if (!is_end(event) && event.metric != "declared.unmatched") continue;
        const End end = is_end(event) ? end_of(event, declares, looked)
                                      : End{"", "knows of none", label(event.labels, "reason"), "", ""};
        auto& ended = ends.try_emplace(end, Ended{0, event.at, event.at}).first->second;
        ended.connections += event.value;
        ended.first = std::min(ended.first, event.at);
        ended.last = std::max(ended.last, event.at);
    }
    if (ends.empty()) return {};
    std::vector<std::pair<End, Ended>> ordered(ends.begin(), ends.end());
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const auto& a, const auto& b) { return a.second.connections > b.second.connections; });
    Table table{
        "How connections ended",
        {"cohort", "client saw", "server declared", "kernel held then", "reason", "connections", "first", "last"},
        {},
        {false, false, false, false, false, true, true, true}};
    for (const auto& [end, ended] : ordered) {
        if (table.rows.size() == rows_max) break;
        table.rows.push_back({escape(end.cohort), escape(end.client), escape(end.server), escape(end.kernel),
                              escape(end.reason), fmt::format("{:.0f}", ended.connections), seconds(ended.first),
                              seconds(ended.last)});
    }
    const auto more = ordered.size() > rows_max ? fmt::format("<p>{} kinds more.</p>", ordered.size() - rows_max) : "";
    return html(table) + more;
}

std::string faults_html(const History& history) {
    const auto injections = injections_of(history);
    if (injections.empty()) return {};
    Table table{"Faults and their witnesses",
                {"fault", "phase", "in force", "effect seen after", "witness"},
                {},
                {false, false, true, true, false}};
    for (const auto& one : injections) {
        if (table.rows.size() == rows_max) break;
        auto name = "<b>" + escape(one.name) + "</b>";
        if (one.name != one.fault) name += " <small>" + escape(one.fault) + "</small>";
        if (one.occurrence > 1) name += fmt::format(" <small>time {}</small>", one.occurrence);
        name += "<br><small>" + escape(one.mechanism) + "</small>";
        auto witness =
            pill(one.bit ? "it bit" : "no witness", one.bit ? Tone::good : Tone::unsure) + " " + escape(one.evidence);
        if (!one.problem.empty()) witness += "<br><b>" + escape(one.problem) + "</b>";
        table.rows.push_back(
            {name, escape(one.phase),
             one.from ? fmt::format("{} – {}", seconds(*one.from), one.until ? seconds(*one.until) : "the end")
                      : "never",
             one.from && one.seen ? duration(*one.seen - *one.from) : "", witness});
    }
    const auto more = injections.size() > rows_max ? fmt::format("<p>{} more.</p>", injections.size() - rows_max) : "";
    return html(table) + more;
}

}  // namespace squall::report
