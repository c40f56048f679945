#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "suites/report/certificate.hpp"
#include "suites/report/report.hpp"

namespace squall::report {
namespace {

void add_case(pugi::xml_node suite, const CaseResult& result) {
    auto node = suite.append_child("testcase");
    node.append_attribute("classname") = suite.attribute("name").value();
    node.append_attribute("name") = fmt::format("{} {} ({})", result.id, result.name, result.protocol).c_str();
    node.append_attribute("time") = fmt::format("{:.3f}", result.seconds).c_str();
    const bool failed = result.verdict == CaseVerdict::failed;
    if (!failed && result.verdict != CaseVerdict::inconclusive) return;
    auto outcome = node.append_child(failed ? "failure" : "error");
    outcome.append_attribute("type") = std::string(to_string(result.verdict)).c_str();
    outcome.append_attribute("message") = result.reason.c_str();
    std::string text;
    for (const Finding& finding : result.judgement.findings)
        text += finding_line(finding, false);
    text += "run: " + result.run + "\nagain: " + result.command;
    outcome.append_child(pugi::node_pcdata).set_value(text.c_str());
}

}  // namespace

std::string to_junit(const std::vector<Certificate>& certificates) {
    pugi::xml_document document;
    auto root = document.append_child("testsuites");
    root.append_attribute("name") = "squall certify";
    for (const auto& certificate : certificates) {
        const auto count = [&](CaseVerdict verdict) {
            return std::count_if(certificate.cases.begin(), certificate.cases.end(),
                                 [&](const CaseResult& result) { return result.verdict == verdict; });
        };
        auto suite = root.append_child("testsuite");
        suite.append_attribute("name") = certificate.server.c_str();
        suite.append_attribute("tests") = certificate.cases.size();
        suite.append_attribute("failures") = count(CaseVerdict::failed);
        suite.append_attribute("errors") = count(CaseVerdict::inconclusive);
        for (const auto& result : certificate.cases)
            add_case(suite, result);
    }
    std::ostringstream text;
    document.save(text, "  ");
    return text.str();
}

}  // namespace squall::report
