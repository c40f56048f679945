// Certificates for people: an index over servers as Autobahn|Testsuite's, a page a server, a page a case, a badge, and
// Markdown that fits where a CI server shows a summary.
#pragma once

#include <string>
#include <vector>

#include "suites/report/certificate.hpp"
#include "suites/report/report.hpp"

namespace squall::report {

/// Of files beside the certificate's own certificate.json.
inline constexpr const char* certificate_page = "certificate.html";
inline constexpr const char* badge_file = "badge.svg";
std::string case_page(const CaseResult& result);  ///< "cases/3.2-sse.html"

struct Listed {
    Certificate certificate;
    std::string directory;  ///< from the index, with slashes; "." where it stands beside it
};

/// Case × server × protocol: a verdict a cell, in words and colour, linked to the case's page; levels, versions,
/// host.
std::string index_html(const std::vector<Listed>& servers);

/// One server: levels, every case with its reason.
std::string certificate_html(const Certificate& certificate);

/// One case over one protocol. `drawn`: its run directory has a report.html to link to.
std::string case_html(const Certificate& certificate, const CaseResult& result, bool drawn);

/// The highest level reached, or else the worst verdict, as an SVG of 20 pixels.
std::string badge_svg(const Certificate& certificate);

/// GitHub refuses a step's summary above 1 MiB: what does not fit is counted instead.
inline constexpr std::size_t markdown_bytes_max = 1'000'000;
std::string to_markdown(const std::vector<Listed>& servers);
std::string to_markdown(const std::vector<RunResult>& runs);

/// Several runs: a line each. `links`: of each, where its page is; empty: nowhere. `said`: of them together, in words;
/// `verdict`: its colour.
std::string runs_html(const std::vector<RunResult>& runs, const std::vector<std::string>& links, std::string_view said,
                      Verdict verdict);

/// A relative link, percent-encoded: what stands in a file is never taken for a scheme.
std::string link_to(const std::string& path);

/// Highest level that is reached with all below it; nothing: none.
const Level* level_of(const Certificate& certificate);
CaseVerdict worst_of(const Certificate& certificate);    ///< `unimplemented` without cases that tell
std::string offered_by(const Certificate& certificate);  ///< "sse, websocket"

}  // namespace squall::report
