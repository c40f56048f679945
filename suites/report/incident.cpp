#include "suites/report/incident.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "suites/report/findings_json.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;
using Is = IncidentServer::Is;

std::string first_problem(const Judgement& judgement) {
    const auto worst = std::find_if(judgement.findings.begin(), judgement.findings.end(), [&](const Finding& finding) {
        return finding.verdict == judgement.verdict && finding.requirement != Requirement::informational;
    });
    if (worst == judgement.findings.end()) return "there is no finding";
    std::string text = worst->name;
    if (!worst->measured.empty()) text += ": measured " + worst->measured;
    if (!worst->bound.empty()) text += ", bound " + worst->bound;
    if (!worst->detail.empty()) text += ": " + worst->detail;
    return text;
}

/// A fault that was never injected, or did not bite: whatever failed then, it was not for what the incident is about.
const Finding* untested(const Judgement& judgement) {
    const auto found = std::find_if(judgement.findings.begin(), judgement.findings.end(), [](const Finding& finding) {
        return finding.name.rfind("witness: ", 0) == 0 && finding.verdict != Verdict::pass;
    });
    return found == judgement.findings.end() ? nullptr : &*found;
}

void settle_flawed(ServerResult& result) {
    const Judgement& judgement = result.run.judgement;
    const Finding* fails = find_finding(judgement, result.server.fails);
    const Finding* unknown = untested(judgement);
    if (unknown == nullptr && fails != nullptr && fails->verdict == Verdict::inconclusive) unknown = fails;
    if (unknown != nullptr) {
        result.outcome = Outcome::inconclusive;
        result.reason = unknown->name + ": " + unknown->detail;
    } else if (fails != nullptr && fails->verdict == Verdict::fail) {
        result.outcome = Outcome::as_said;
    } else if (fails == nullptr || judgement.verdict == Verdict::inconclusive) {
        result.outcome = Outcome::inconclusive;
        result.reason = first_problem(judgement);
    } else {
        result.outcome = Outcome::otherwise;
        result.reason =
            fmt::format("'{}' was to fail and held: measured {}, bound {}", fails->name, fails->measured, fails->bound);
    }
}

void settle_mended(ServerResult& result) {
    const Judgement& judgement = result.run.judgement;
    result.outcome = judgement.verdict == Verdict::pass           ? Outcome::as_said
                     : judgement.verdict == Verdict::inconclusive ? Outcome::inconclusive
                                                                  : Outcome::otherwise;
    if (result.outcome != Outcome::as_said) result.reason = first_problem(judgement);
}

json::object settings_json(const IncidentServer& server) {
    json::object settings;
    for (const auto& [name, value] : server.settings)
        settings[name] = value;
    return settings;
}

json::object server_json(const ServerResult& result) {
    const IncidentServer& server = result.server;
    return {{"name", server.name},
            {"is", to_string(server.is)},
            {"target", server.target},
            {"flaw", server.flaw},
            {"settings", settings_json(server)},
            {"note", server.note},
            {"fails", server.fails},
            {"outcome", to_string(result.outcome)},
            {"reason", result.reason},
            {"version", result.version},
            {"verdict", to_string(result.run.judgement.verdict)},
            {"seconds", result.run.seconds},
            {"directory", result.run.directory},
            {"earlier_directories", json::array(result.earlier_runs.begin(), result.earlier_runs.end())},
            {"command", result.run.command},
            {"findings", findings_json(result.run.judgement)}};
}

json::object figure_json(const IncidentFigure& figure, const std::vector<ServerResult>& servers) {
    json::object replayed;
    for (const ServerResult& result : servers) {
        const Finding* finding = find_finding(result.run.judgement, figure.invariant);
        replayed[result.server.name] = finding == nullptr ? "" : finding->measured;
    }
    return {{"figure", figure.figure},
            {"reported", figure.reported},
            {"invariant", figure.invariant},
            {"replayed", std::move(replayed)}};
}

json::object incident_json(const IncidentResult& result) {
    json::array servers, figures;
    for (const ServerResult& server : result.servers)
        servers.push_back(server_json(server));
    for (const IncidentFigure& figure : result.incident.figures)
        figures.push_back(figure_json(figure, result.servers));
    const auto& sources = result.incident.sources;
    return {{"number", result.incident.number},
            {"name", result.name},
            {"summary", result.summary},
            {"story", result.incident.story},
            {"sources", json::array(sources.begin(), sources.end())},
            {"scale", result.incident.scale},
            {"outcome", to_string(worst(result))},
            {"servers", std::move(servers)},
            {"figures", std::move(figures)}};
}

void add_case(pugi::xml_node suite, const ServerResult& result) {
    auto node = suite.append_child("testcase");
    node.append_attribute("classname") = suite.attribute("name").value();
    node.append_attribute("name") = fmt::format("{} ({})", result.server.name, to_string(result.server.is)).c_str();
    node.append_attribute("time") = fmt::format("{:.3f}", result.run.seconds).c_str();
    if (exit_code(result.outcome) == 0) return;
    auto outcome = node.append_child(result.outcome == Outcome::otherwise ? "failure" : "error");
    outcome.append_attribute("type") = std::string(to_string(result.outcome)).c_str();
    outcome.append_attribute("message") = result.reason.c_str();
    std::string text;
    for (const Finding& finding : result.run.judgement.findings)
        text += finding_line(finding, false);
    text += "run: " + result.run.directory + "\nagain: " + result.run.command;
    outcome.append_child(pugi::node_pcdata).set_value(text.c_str());
}

}  // namespace

std::string_view to_string(Outcome outcome) {
    constexpr std::string_view words[] = {"observed", "as said", "inconclusive", "otherwise", "error"};
    return words[static_cast<std::size_t>(outcome)];
}

Verdict to_verdict(Outcome outcome) {
    constexpr Verdict verdicts[] = {Verdict::pass, Verdict::pass, Verdict::inconclusive, Verdict::fail, Verdict::error};
    return verdicts[static_cast<std::size_t>(outcome)];
}

int exit_code(Outcome outcome) {
    return squall::exit_code(to_verdict(outcome));
}

const Finding* find_finding(const Judgement& judgement, const std::string& name) {
    const auto found = std::find_if(judgement.findings.begin(), judgement.findings.end(),
                                    [&](const Finding& finding) { return finding.name == name; });
    return found == judgement.findings.end() ? nullptr : &*found;
}

void settle(ServerResult& result) {
    const Judgement& judgement = result.run.judgement;
    result.reason.clear();
    if (result.server.is == Is::observed && judgement.verdict != Verdict::error) {
        result.outcome = Outcome::observed;
        if (result.run.directory.empty()) result.reason = "not played: " + judgement.findings.front().detail;
    } else if (judgement.verdict == Verdict::error) {
        result.outcome = Outcome::error;
        result.reason = first_problem(judgement);
    } else if (result.server.is == Is::flawed) {
        settle_flawed(result);
    } else {
        settle_mended(result);
    }
}

Outcome worst(const IncidentResult& result) {
    Outcome outcome = Outcome::observed;
    for (const ServerResult& server : result.servers)
        outcome = std::max(outcome, server.outcome);
    return outcome;
}

Outcome worst(const std::vector<IncidentResult>& results) {
    Outcome outcome = Outcome::observed;
    bool played = false;
    for (const IncidentResult& result : results) {
        outcome = std::max(outcome, worst(result));
        for (const ServerResult& server : result.servers)
            played |= !server.run.directory.empty();
    }
    return played ? outcome : std::max(outcome, Outcome::inconclusive);
}

std::string to_json(const std::vector<IncidentResult>& results) {
    json::array incidents;
    for (const IncidentResult& result : results)
        incidents.push_back(incident_json(result));
    const Outcome outcome = worst(results);
    return json::serialize(json::object{{"format", 1},
                                        {"outcome", to_string(outcome)},
                                        {"exit_code", exit_code(outcome)},
                                        {"incidents", std::move(incidents)}}) +
           "\n";
}

std::string to_junit(const std::vector<IncidentResult>& results) {
    pugi::xml_document document;
    auto root = document.append_child("testsuites");
    root.append_attribute("name") = "squall reproduce";
    for (const IncidentResult& result : results) {
        std::size_t failures = 0, errors = 0;
        double seconds = 0;
        for (const ServerResult& server : result.servers) {
            failures += server.outcome == Outcome::otherwise;
            errors += server.outcome == Outcome::inconclusive || server.outcome == Outcome::error;
            seconds += server.run.seconds;
        }
        auto suite = root.append_child("testsuite");
        suite.append_attribute("name") = result.name.c_str();
        suite.append_attribute("tests") = result.servers.size();
        suite.append_attribute("failures") = failures;
        suite.append_attribute("errors") = errors;
        suite.append_attribute("time") = fmt::format("{:.3f}", seconds).c_str();
        for (const ServerResult& server : result.servers)
            add_case(suite, server);
    }
    std::ostringstream text;
    document.save(text, "  ");
    return text.str();
}

std::vector<RunResult> runs_of(const std::vector<IncidentResult>& results) {
    std::vector<RunResult> runs;
    for (const IncidentResult& result : results) {
        for (const ServerResult& server : result.servers) {
            RunResult run = server.run;
            run.scenario = fmt::format("{}: {} ({}): {}", result.name, server.server.name, to_string(server.server.is),
                                       to_string(server.outcome));
            runs.push_back(std::move(run));
        }
    }
    return runs;
}

}  // namespace squall::report
