#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "suites/report/findings_json.hpp"
#include "suites/report/latency.hpp"
#include "suites/report/record.hpp"
#include "suites/report/report.hpp"

namespace squall::report {

namespace json = boost::json;

json::array findings_json(const Judgement& judgement) {
    json::array findings;
    for (const auto& finding : judgement.findings) {
        json::object object{{"name", finding.name},         {"verdict", to_string(finding.verdict)},
                            {"expected", finding.expected}, {"measured", finding.measured},
                            {"bound", finding.bound},       {"margin", nullptr},
                            {"phase", finding.phase},       {"samples", finding.samples},
                            {"since_ns", nullptr},          {"detail", finding.detail}};
        object["requirement"] = to_string(finding.requirement);
        if (finding.margin) object["margin"] = *finding.margin;
        if (finding.since) object["since_ns"] = *finding.since;
        findings.push_back(std::move(object));
    }
    return findings;
}

namespace {

void add_case(pugi::xml_node suite, const RunResult& run, const Finding& finding) {
    auto node = suite.append_child("testcase");
    node.append_attribute("classname") = run.scenario.c_str();
    node.append_attribute("name") = finding.name.c_str();
    node.append_attribute("time") = 0;
    if (finding.verdict == Verdict::pass || finding.requirement == Requirement::informational) return;
    const bool violated = finding.verdict == Verdict::fail;
    auto outcome = node.append_child(violated ? "failure" : "error");
    outcome.append_attribute("type") = std::string(to_string(finding.verdict)).c_str();
    const auto message = fmt::format("expected {}; measured {}", finding.expected,
                                     finding.measured.empty() ? "nothing" : finding.measured);
    outcome.append_attribute("message") = message.c_str();
    const auto text = finding_line(finding, false) + "run: " + run.directory + "\nagain: " + run.command;
    outcome.append_child(pugi::node_pcdata).set_value(text.c_str());
}

}  // namespace

std::string to_json(const Scenario& scenario, const History& history, const Judgement& judgement) {
    json::object object{{"format", 1},
                        {"scenario", scenario.name},
                        {"seed", scenario.seed},
                        {"verdict", to_string(judgement.verdict)},
                        {"exit_code", exit_code(judgement.verdict)},
                        {"findings", findings_json(judgement)},
                        {"latency", latency_json(latency_rows(scenario, history))},
                        {"record", record_json(scenario, history)},
                        {"facts", history.facts()}};
    return json::serialize(object) + "\n";
}

std::string to_json(const std::vector<RunResult>& runs) {
    json::array array;
    for (const auto& run : runs) {
        array.push_back({{"scenario", run.scenario},
                         {"verdict", to_string(run.judgement.verdict)},
                         {"seconds", run.seconds},
                         {"directory", run.directory},
                         {"command", run.command},
                         {"findings", findings_json(run.judgement)}});
    }
    const auto verdict = worst(runs);
    return json::serialize(json::object{{"format", 1},
                                        {"verdict", to_string(verdict)},
                                        {"exit_code", exit_code(verdict)},
                                        {"runs", std::move(array)}}) +
           "\n";
}

std::string to_junit(const std::vector<RunResult>& runs) {
    pugi::xml_document document;
    auto root = document.append_child("testsuites");
    root.append_attribute("name") = "squall";
    for (const auto& run : runs) {
        auto suite = root.append_child("testsuite");
        std::size_t failures = 0, errors = 0;
        for (const auto& finding : run.judgement.findings) {
            if (finding.requirement == Requirement::informational) continue;
            failures += finding.verdict == Verdict::fail;
            errors += finding.verdict == Verdict::error || finding.verdict == Verdict::inconclusive;
        }
        suite.append_attribute("name") = run.scenario.c_str();
        suite.append_attribute("tests") = run.judgement.findings.size();
        suite.append_attribute("failures") = failures;
        suite.append_attribute("errors") = errors;
        suite.append_attribute("time") = fmt::format("{:.3f}", run.seconds).c_str();
        for (const auto& finding : run.judgement.findings)
            add_case(suite, run, finding);
    }
    std::ostringstream text;
    document.save(text, "  ");
    return text.str();
}

}  // namespace squall::report
