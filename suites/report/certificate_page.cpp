#include "suites/report/certificate_page.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "suites/report/grade.hpp"
#include "suites/report/html.hpp"
#include "suites/report/run_tables.hpp"

namespace squall::report {
namespace {

std::string verdict_pill(CaseVerdict verdict) {
    return pill(to_string(verdict), tone_of(verdict));
}

std::string description(const std::vector<std::pair<const char*, std::string>>& entries) {
    std::string text = "<dl>";
    for (const auto& [title, value] : entries) {
        if (!value.empty()) text += fmt::format("<dt>{}</dt><dd>{}</dd>", title, value);
    }
    return text + "</dl>\n";
}

std::string levels_html(const Certificate& certificate) {
    if (certificate.levels.empty()) return {};
    Table table{"Levels", {"level", "", "what it means", "cases", "in the way"}, {}, {}};
    for (const auto& level : certificate.levels) {
        table.rows.push_back({"<b>" + escape(level.name) + "</b>",
                              level.reached ? pill("reached", Tone::good) : pill("not reached", Tone::plain),
                              escape(level.meaning), escape(fmt::format("{}", fmt::join(level.cases, ", "))),
                              level.reached ? "" : escape(in_the_way(level, certificate.cases))});
    }
    return html(table);
}

std::string circumstances(const Certificate& certificate) {
    return description({{"Server", escape(certificate.server)},
                        {"Version", escape(certificate.version)},
                        {"Protocols", escape(offered_by(certificate))},
                        {"Profile", escape(certificate.profile)},
                        {"Made", escape(certificate.made_at) + (certificate.quick ? ", quick" : "")},
                        {"squall", escape(certificate.squall_version)},
                        {"Host", escape(certificate.host)}});
}

std::string again(const std::string& command) {
    if (command.empty()) return {};
    return "<p>The command that plays it again:</p><pre class=\"wrap\">" + escape(command) + "</pre>\n";
}

std::string headline(const Certificate& certificate) {
    const Level* level = level_of(certificate);
    const auto worst = worst_of(certificate);
    const auto tone = worst == CaseVerdict::failed ? Tone::bad : level ? Tone::good : tone_of(worst);
    const auto word = level ? level->name : std::string(certificate.levels.empty() ? to_string(worst) : "no level");
    return fmt::format("<div class=\"verdict {}\"><strong>{}</strong><p>{}</p><p>{}.</p></div>\n", css_class(tone),
                       escape(word), level ? escape(level->meaning) : "", escape(tally(certificate.cases)));
}

struct Row {
    std::string name, group;
    std::map<std::pair<std::size_t, std::string>, const CaseResult*> cells;  ///< server's number, protocol
};

std::string matrix(const std::vector<Listed>& servers) {
    std::map<std::string, Row, decltype(&id_before)> rows(&id_before);
    std::vector<std::pair<std::size_t, std::string>> columns;
    for (std::size_t n = 0; n < servers.size(); ++n) {
        std::set<std::string> protocols;
        for (const auto& result : servers[n].certificate.cases) {
            protocols.insert(result.protocol);
            auto& row = rows.try_emplace(result.id, Row{result.name, result.group, {}}).first->second;
            row.cells[{n, result.protocol}] = &result;
        }
        for (const auto& protocol : protocols)
            columns.emplace_back(n, protocol);
    }
    std::string text =
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Cases by server\">"
        "<table class=\"matrix\" aria-label=\"Cases by server\"><thead><tr><td></td>";
    for (std::size_t n = 0; n < servers.size(); ++n) {
        const auto wide = std::count_if(columns.begin(), columns.end(), [&](const auto& c) { return c.first == n; });
        if (wide == 0) continue;
        const auto& server = servers[n];
        text += fmt::format("<th scope=\"colgroup\" colspan=\"{}\"><a href=\"{}\">{}</a><br><small>{}</small></th>",
                            wide, link_to(server.directory + "/" + certificate_page), escape(server.certificate.server),
                            escape(server.certificate.version));
    }
    text += "</tr><tr><th scope=\"col\">case</th>";
    for (const auto& [n, protocol] : columns)
        text += fmt::format("<th scope=\"col\">{}</th>", escape(protocol));
    text += "</tr></thead><tbody>\n";
    std::string group;
    for (const auto& [id, row] : rows) {
        if (row.group != group || group.empty()) {
            group = row.group;
            text += fmt::format("<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>\n",
                                columns.size() + 1, escape(group));
        }
        text += fmt::format("<tr><th scope=\"row\">{} {}</th>", escape(id), escape(row.name));
        for (const auto& column : columns) {
            const auto found = row.cells.find(column);
            if (found == row.cells.end()) {
                text += "<td><small>not played</small></td>";
                continue;
            }
            const auto& result = *found->second;
            text += fmt::format("<td><a href=\"{}\" title=\"{}\">{}</a></td>",
                                link_to(servers[column.first].directory + "/" + case_page(result)),
                                escape(result.reason), verdict_pill(result.verdict));
        }
        text += "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
}

}  // namespace

std::string link_to(const std::string& path) {
    std::string link = "./";
    for (const char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("/._-~").find(c) != std::string_view::npos;
        link += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return link;
}

std::string case_page(const CaseResult& result) {
    std::string name = result.id + "-" + result.protocol;
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-'; }, '_');
    return "cases/" + name + ".html";
}

const Level* level_of(const Certificate& certificate) {
    const Level* highest = nullptr;
    for (const auto& level : certificate.levels) {
        if (!level.reached) break;
        highest = &level;
    }
    return highest;
}

CaseVerdict worst_of(const Certificate& certificate) {
    std::optional<CaseVerdict> worst;
    for (const auto& result : certificate.cases) {
        // That something is not offered, or for information, is no failing.
        if (result.verdict == CaseVerdict::informational || result.verdict == CaseVerdict::unimplemented) continue;
        worst = std::max(worst.value_or(CaseVerdict::ok), result.verdict);
    }
    return worst.value_or(CaseVerdict::unimplemented);
}

std::string offered_by(const Certificate& certificate) {
    std::set<std::string> protocols;
    for (const auto& result : certificate.cases)
        protocols.insert(result.protocol);
    std::string text;
    for (const auto& protocol : protocols)
        text += (text.empty() ? "" : ", ") + protocol;
    return text;
}

std::string index_html(const std::vector<Listed>& servers) {
    Page page;
    page.title = "Push servers, certified";
    page.header =
        fmt::format("<p class=\"brand\">squall certificates</p>\n<h1>{}</h1>\n<p>{}</p>\n", escape(page.title),
                    "Which of them deliver, in order and in bounded memory, while the world around them breaks. "
                    "Each verdict links to what was played and measured.");
    Table table{"Servers", {"server", "version", "level", "cases", "made", "host"}, {}, {}};
    for (const auto& [certificate, directory] : servers) {
        const Level* level = level_of(certificate);
        table.rows.push_back({fmt::format("<a href=\"{}\">{}</a>", link_to(directory + "/" + certificate_page),
                                          escape(certificate.server)),
                              escape(certificate.version),
                              level ? pill(level->name, Tone::good) : pill("none", Tone::plain),
                              escape(tally(certificate.cases)) + (certificate.quick ? " <small>(quick)</small>" : ""),
                              escape(certificate.made_at), escape(certificate.host)});
    }
    page.contents = {{"servers", "Servers"}, {"cases", "Cases"}, {"words", "What the words mean"}};
    page.body = section("servers", "Servers", html(table)) + section("cases", "Cases", matrix(servers)) +
                section("words", "What the words mean",
                        description({{"OK", "all that must be so is, and all that should"},
                                     {"NON-STRICT", "all that must be so is; something that should be so is not"},
                                     {"INFORMATIONAL", "nothing is required; what was measured is said"},
                                     {"UNIMPLEMENTED", "the server does not offer what the case is about"},
                                     {"INCONCLUSIVE", "the rig could not tell"},
                                     {"FAILED", "something that must be so is not"}}));
    return html(page);
}

std::string certificate_html(const Certificate& certificate) {
    Page page;
    page.title = certificate.server + ": certificate";
    page.header = fmt::format("<p class=\"brand\">squall certificate</p>\n<h1>{} <small>{}</small></h1>\n<p>{}</p>\n",
                              escape(certificate.server), escape(certificate.version), escape(certificate.summary)) +
                  headline(certificate);
    Table table{"Cases", {"case", "protocol", "verdict", "why"}, {}, {}};
    for (const auto& result : certificate.cases) {
        table.rows.push_back({fmt::format("<a href=\"{}\">{} {}</a><br><small>{}</small>", link_to(case_page(result)),
                                          escape(result.id), escape(result.name), escape(result.group)),
                              escape(result.protocol), verdict_pill(result.verdict), escape(result.reason)});
    }
    const auto add = [&](const char* id, const char* title, const std::string& body) {
        if (body.empty()) return;
        page.contents.emplace_back(id, title);
        page.body += section(id, title, body);
    };
    add("levels", "Levels", levels_html(certificate));
    add("cases", "Cases", html(table));
    add("run", "How it was made", circumstances(certificate) + again(certificate.command));
    return html(page);
}

std::string case_html(const Certificate& certificate, const CaseResult& result, bool drawn) {
    Page page;
    page.title = fmt::format("{} {}: {} ({})", result.id, result.name, certificate.server, result.protocol);
    page.header = fmt::format(
        "<p class=\"brand\"><a href=\"../{}\">{}</a> · {} · {}</p>\n<h1>{} {}</h1>\n<p>{}</p>\n"
        "<div class=\"verdict {}\"><strong>{}</strong><p>{}</p></div>\n",
        certificate_page, escape(certificate.server), escape(result.group), escape(result.protocol), escape(result.id),
        escape(result.name), escape(result.summary), css_class(tone_of(result.verdict)), to_string(result.verdict),
        escape(result.reason));
    const auto run = drawn ? fmt::format("<a href=\"../{}\">plots, tables and the witness of each fault</a>",
                                         link_to(result.run + "/report.html"))
                           : escape(result.run);
    const auto about = description({{"What a failure would mean", escape(result.why)},
                                    {"Required by", escape(result.source)},
                                    {"The run", run},
                                    {"Lasted", result.seconds > 0 ? fmt::format("{:.1f} s", result.seconds) : ""}});
    page.contents = {{"about", "About the case"}, {"findings", "Findings"}, {"run", "How it was made"}};
    page.body = section("about", "About the case", about) +
                section("findings", "Findings",
                        result.judgement.findings.empty() ? "<p>None.</p>\n" : finding_cards(result.judgement)) +
                section("run", "How it was made", again(result.command) + circumstances(certificate));
    return html(page);
}

std::string runs_html(const std::vector<RunResult>& runs, const std::vector<std::string>& links, std::string_view said,
                      Verdict verdict) {
    Page page;
    page.title = fmt::format("{} runs: {}", runs.size(), said);
    page.header = fmt::format(
        "<p class=\"brand\">squall</p>\n<h1>{} runs</h1>\n<div class=\"verdict "
        "{}\"><strong>{}</strong></div>\n",
        runs.size(), css_class(tone_of(verdict)), said);
    Table table{
        "Runs", {"scenario", "verdict", "held", "lasted", "first that did not hold"}, {}, {false, false, true, true}};
    for (std::size_t n = 0; n < runs.size(); ++n) {
        const auto& findings = runs[n].judgement.findings;
        const auto held = std::count_if(findings.begin(), findings.end(),
                                        [](const Finding& finding) { return finding.verdict == Verdict::pass; });
        const auto first = std::max_element(findings.begin(), findings.end(),
                                            [](const Finding& a, const Finding& b) { return a.verdict < b.verdict; });
        const bool all = first == findings.end() || first->verdict == Verdict::pass;
        const auto detail = all || first->bound.empty() ? std::string()
                                                        : fmt::format("measured {}, bound {}{}", first->measured,
                                                                      first->bound, first->detail.empty() ? "" : "; ");
        const bool linked = n < links.size() && !links[n].empty();
        table.rows.push_back(
            {linked ? fmt::format("<a href=\"{}\">{}</a>", link_to(links[n]), escape(runs[n].scenario))
                    : escape(runs[n].scenario),
             pill(to_string(runs[n].judgement.verdict), tone_of(runs[n].judgement.verdict)),
             fmt::format("{} of {}", held, findings.size()), fmt::format("{:.1f} s", runs[n].seconds),
             all ? "" : escape(first->name) + "<br><small>" + escape(detail + first->detail) + "</small>"});
    }
    page.body = section("runs", "Runs", html(table));
    return html(page);
}

}  // namespace squall::report
