#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "suites/report/facts.hpp"
#include "suites/report/html.hpp"
#include "suites/report/latency.hpp"
#include "suites/report/record.hpp"
#include "suites/report/report.hpp"
#include "suites/report/run_plots.hpp"
#include "suites/report/run_tables.hpp"

namespace squall::report {
namespace {

const char* meaning(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "Every invariant held, and every fault left its witness.";
        case Verdict::fail:
            return "An invariant was violated.";
        case Verdict::inconclusive:
            return "The rig could not tell.";
        case Verdict::error:
            return "The rig itself failed.";
    }
    return "";
}

std::string fact(const char* title, const std::string& value, bool quiet = false) {
    if (value.empty()) return {};
    return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", title, quiet ? " class=\"quiet\"" : "", escape(value));
}

/// An invariant is code, a witness is a sentence.
std::string expectation(const std::string& text) {
    const bool code = text.find('(') < text.find(' ');
    return code ? "<code>" + escape(text) + "</code>" : escape(text);
}

}  // namespace

std::string finding_cards(const Judgement& judgement) {
    const bool held = judgement.verdict == Verdict::pass;
    std::string text = fmt::format("<ol class=\"findings{}\">\n", held ? " rest" : "");
    std::size_t number = 0;
    bool rest = false;
    for (const Finding* finding : by_weight(judgement)) {
        if (finding->verdict == Verdict::pass && !rest) {  // what held takes less room
            if (number > 0) text += "</ol>\n";
            text += number > 0 ? "<ol class=\"findings rest\">\n" : "";
            rest = true;
        }
        const auto tone = css_class(tone_of(*finding));
        text += fmt::format(
            "<li class=\"finding f-{}\" id=\"finding-{}\"><h3><span class=\"no\">#{}</span> {} <span>{}</span>"
            "</h3>\n",
            tone, number + 1, number + 1, pill(word_of(*finding), tone_of(*finding)), escape(finding->name));
        ++number;
        if (finding->expected != finding->name)
            text += "<p><small>expected</small> " + expectation(finding->expected) + "</p>";
        text += "<dl class=\"facts\">";
        text += fact("measured", finding->measured, finding->measured.size() > 32);
        if (!finding->measured.empty()) text += fact("bound", finding->bound);
        if (finding->margin) text += fact("margin", fmt::format("{:+.0f}%", *finding->margin * 100 + 0.0));
        text += fact("when", finding->phase, true);
        if (finding->since) text += fact("since", fmt::format("{:.2f} s", to_seconds(*finding->since)));
        if (finding->requirement == Requirement::should) text += fact("asked for as", "a SHOULD", true);
        if (finding->samples > 0) text += fact("samples", std::to_string(finding->samples), true);
        text += "</dl>";
        if (!finding->detail.empty()) text += "<p class=\"detail\">" + escape(finding->detail) + "</p>";
        text += "</li>\n";
    }
    return text + "</ol>\n";
}

namespace {

std::string header(const Scenario& scenario, const History& history, const Judgement& judgement) {
    std::map<Verdict, std::size_t> counts;
    for (const auto& finding : judgement.findings)
        counts[finding.verdict] += finding.requirement != Requirement::informational;
    std::string tally;
    for (auto count = counts.rbegin(); count != counts.rend(); ++count)
        if (count->second > 0)
            tally += fmt::format("{}{} {}", tally.empty() ? "" : ", ", count->second, to_string(count->first));
    std::string text = fmt::format("<p class=\"brand\">squall run report</p>\n<h1>{}</h1>\n<p>{}</p>\n",
                                   escape(scenario.name), escape(scenario.summary));
    text += fmt::format("<div class=\"verdict {}\"><strong>{}</strong><p>{} {} findings: {}.</p></div>\n",
                        css_class(tone_of(judgement.verdict)), to_string(judgement.verdict), meaning(judgement.verdict),
                        judgement.findings.size(), tally.empty() ? "none" : tally);
    text += "<dl class=\"facts\">";
    for (const auto& [title, value] : circumstances_of(history)) {
        if (title == "Server" || title == "Started") text += fact(title == "Server" ? "server" : "started", value);
    }
    text += fact("seed", std::to_string(scenario.seed));
    if (const Span* run = history.find_span("run"))
        text += fact("lasted", fmt::format("{:.1f} s", to_seconds(run->end - run->start)));
    text += "</dl>\n";
    if (!scenario.why.empty())
        text += "<p><small>What a failure would mean in production:</small> " + escape(scenario.why) + "</p>\n";
    return text;
}

std::string plots_section(const RunPlots& plots) {
    std::string body = draw_timeline(plots.scene);
    body +=
        "<p class=\"tools\" hidden>Point at a plot, or use the arrow keys on it, to read its values; drag across "
        "it to look closer. <button type=\"button\" id=\"whole\" hidden>Show the whole run</button></p>\n";
    body +=
        "<p><small>Shaded: faults in force. Dotted: phases begin. Flags: violations begin. Dashed in red: what an "
        "invariant allows.</small></p>\n<div class=\"plots\">\n";
    for (const auto& plot : plots.plots)
        body += draw(plot, plots.scene);
    body += "</div>\n";
    if (plots.left_out.empty()) return body;
    body += "<details><summary>Not drawn</summary><ul>";
    for (const auto& line : plots.left_out)
        body += "<li>" + escape(line) + "</li>";
    return body + "</ul></details>\n";
}

std::string list(const std::vector<std::string>& lines) {
    std::string text = "<ul>";
    for (const auto& line : lines)
        text += "<li>" + escape(line) + "</li>";
    return text + "</ul>\n";
}

std::string again_section(const Scenario& scenario, const History& history, const std::string& scenario_text) {
    std::string body;
    if (const auto command = command_of(history); !command.empty())
        body += "<p>The command that runs it again:</p><pre class=\"wrap\">" + escape(command) + "</pre>\n";
    body += "<dl>";
    for (const auto& [title, value] : circumstances_of(history))
        body += fmt::format("<dt>{}</dt><dd>{}</dd>", title, escape(value));
    body += fmt::format("<dt>Seed</dt><dd>{}</dd></dl>\n", scenario.seed);
    if (const auto notes = notes_of(history); !notes.empty()) body += "<h3>Notes</h3>" + list(notes);
    if (const auto problems = rig_problems_of(history); !problems.empty())
        body += "<h3>What was wrong with the rig</h3>" + list(problems);
    if (const auto settings = settings_of(history); !settings.empty()) {
        Table table{"Settings of the server", {"setting", "value"}, {}, {}};
        for (const auto& [name, value] : settings)
            table.rows.push_back({"<code>" + escape(name) + "</code>", escape(value)});
        body += "<h3>Settings of the server</h3>" + html(table);
    }
    if (!scenario_text.empty())
        body += "<details><summary>The scenario</summary><pre>" + escape(scenario_text) + "</pre></details>\n";
    return body;
}

}  // namespace

std::string to_html(const Scenario& scenario, const History& history, const Judgement& judgement,
                    const std::string& scenario_text) {
    Page page;
    page.title = fmt::format("{}: {}", scenario.name, to_string(judgement.verdict));
    page.header = header(scenario, history, judgement);
    const auto add = [&](const char* id, const char* title, const std::string& body) {
        if (body.empty()) return;
        page.contents.emplace_back(id, title);
        page.body += section(id, title, body);
    };
    const RunPlots plots = plots_of(scenario, history, judgement);
    add("findings", "Findings", judgement.findings.empty() ? "<p>None.</p>" : finding_cards(judgement));
    add("record", "Record and replay", record_html(scenario, history, plots.scene));
    add("plots", "Over time", plots_section(plots));
    add("latency", "Latency by phase",
        draw_distributions("histogram", "Delivery latency", plots.by_phase) + latency_html(scenario, history));
    add("ends", "Disconnects", disconnects_html(history));
    add("faults", "Faults", faults_html(history));
    add("run", "The run", again_section(scenario, history, scenario_text));
    return html(page);
}

}  // namespace squall::report
