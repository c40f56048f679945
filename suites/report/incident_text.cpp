// Incidents on a terminal: tables whose columns are as wide as what stands in them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "suites/report/incident.hpp"

namespace squall::report {
namespace {

using Is = IncidentServer::Is;
using Row = std::vector<std::string>;

constexpr std::size_t columns_max = 100;

/// In characters, as long as each is one code point and as wide as the next.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string aligned(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]));
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line = " ";
        for (std::size_t i = 0; i < row.size(); ++i)
            line += " " + row[i] + std::string(widths[i] - width(row[i]) + 1, ' ');
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::string wrapped(const std::string& text) {
    std::istringstream words(text);
    std::string lines, line = " ";
    for (std::string word; words >> word;) {
        if (width(line) + 1 + width(word) > columns_max) {
            lines += line + "\n";
            line = " ";
        }
        line += " " + word;
    }
    return lines + line + "\n";
}

/// Invariants that tell the servers apart: those that flawed ones fail by.
std::vector<std::string> telling(const IncidentResult& result, const IncidentServer& server) {
    if (server.is == Is::flawed) return {server.fails};
    std::vector<std::string> names;
    for (const IncidentServer& other : result.incident.servers) {
        const bool there = std::find(names.begin(), names.end(), other.fails) != names.end();
        if (other.is == Is::flawed && !there) names.push_back(other.fails);
    }
    return names;
}

std::string when(const Finding& finding) {
    return finding.since ? fmt::format("since {:.2f}s", to_seconds(*finding.since)) : finding.phase;
}

std::string margin(const Finding& finding) {
    return finding.margin ? fmt::format("{:+.0f}%", std::round(*finding.margin * 100) + 0.0) : "";
}

std::string verdict_of(const ServerResult& server) {
    return server.run.directory.empty() ? "not played" : std::string(to_string(server.run.judgement.verdict));
}

void add_rows(const IncidentResult& result, const ServerResult& server, std::vector<Row>& rows) {
    constexpr std::string_view expected[] = {"fail", "pass", "-"};
    Row row{server.server.name, std::string(to_string(server.server.is)),
            std::string(expected[static_cast<std::size_t>(server.server.is)]), verdict_of(server)};
    for (const std::string& name : telling(result, server.server)) {
        const Finding* finding = find_finding(server.run.judgement, name);
        row.push_back(name);
        if (finding != nullptr)
            row.insert(row.end(), {finding->measured, finding->bound, margin(*finding), when(*finding)});
        rows.push_back(std::move(row));
        row = {"", "", "", ""};
    }
}

/// What failed besides.
std::string also_failed(const IncidentResult& result, const ServerResult& server) {
    const auto told = telling(result, server.server);
    std::string text;
    for (const Finding& finding : server.run.judgement.findings) {
        const bool known = std::find(told.begin(), told.end(), finding.name) != told.end();
        if (known || finding.verdict != Verdict::fail || finding.requirement == Requirement::informational) continue;
        text += fmt::format("  {} fails as well by: {} (measured {}, bound {})\n", server.server.name, finding.name,
                            finding.measured, finding.bound);
    }
    return text;
}

std::string figures(const IncidentResult& result) {
    if (result.incident.figures.empty()) return "";
    Row head{"figure", "reported"};
    for (const ServerResult& server : result.servers)
        head.push_back(server.server.name);
    std::vector<Row> rows{std::move(head)};
    for (const IncidentFigure& figure : result.incident.figures) {
        Row row{figure.figure, figure.reported};
        for (const ServerResult& server : result.servers) {
            const Finding* finding = find_finding(server.run.judgement, figure.invariant);
            row.push_back(finding == nullptr || finding->measured.empty() ? "-" : finding->measured);
        }
        rows.push_back(std::move(row));
    }
    return "\n" + aligned(rows);
}

std::string coloured(Outcome outcome, std::string text, bool colour) {
    const char* code = exit_code(outcome) == 0            ? "\x1b[32m"
                       : outcome == Outcome::inconclusive ? "\x1b[33m"
                                                          : "\x1b[31m";
    return colour ? code + std::move(text) + "\x1b[0m" : text;
}

}  // namespace

std::string to_text(const IncidentResult& result, const std::string& command, bool colour) {
    std::string text = fmt::format("{} {}: {}\n", result.incident.number, result.name, result.summary);
    text += wrapped(result.incident.story) + "\n";
    std::vector<Row> rows{{"server", "is", "expected", "verdict", "invariant", "measured", "bound", "margin", "when"}};
    for (const ServerResult& server : result.servers)
        add_rows(result, server, rows);
    text += aligned(rows);
    for (const ServerResult& server : result.servers)
        text += also_failed(result, server);
    text += figures(result) + "\n";
    for (const ServerResult& server : result.servers) {
        text += fmt::format("  {}: {}{}{}\n", server.server.name,
                            coloured(server.outcome, std::string(to_string(server.outcome)), colour),
                            server.reason.empty() ? "" : ": " + server.reason,
                            server.run.directory.empty() ? "" : "; run: " + server.run.directory);
        for (const std::string& earlier : server.earlier_runs)
            text += fmt::format("  {}: could not be told at first; run: {}\n", server.server.name, earlier);
    }
    return text + "  again: " + command + "\n";
}

std::string table(const std::vector<IncidentResult>& results, bool colour) {
    std::vector<Row> rows;
    std::size_t as_said = 0;
    double seconds = 0;
    for (const IncidentResult& result : results) {
        const Outcome outcome = worst(result);
        std::string servers;
        double lasted = 0;
        for (const ServerResult& server : result.servers) {
            servers += fmt::format("{}{} {}", servers.empty() ? "" : ", ", server.server.name, verdict_of(server));
            lasted += server.run.seconds;
        }
        as_said += exit_code(outcome) == 0;
        seconds += lasted;
        rows.push_back(
            {std::to_string(result.incident.number), result.name, fmt::format("{:.0f}s", lasted), servers,
             coloured(outcome, exit_code(outcome) == 0 ? "as said" : std::string(to_string(outcome)), colour)});
    }
    return aligned(rows) + fmt::format("{} of {} incidents as said, in {:.0f}s\n", as_said, results.size(), seconds);
}

}  // namespace squall::report
