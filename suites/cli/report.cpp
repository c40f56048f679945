// squall report: what was saved, drawn.
#include "suites/cli/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "faults/core/files.hpp"
#include "suites/cli/commands.hpp"
#include "suites/cli/output.hpp"
#include "suites/engine/run_directory.hpp"
#include "suites/report/certificate_page.hpp"

namespace squall::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* certificate_file = "certificate.json";
constexpr const char* run_page = "report.html";

Status make_directory(const fs::path& directory) {
    std::error_code failed;
    fs::create_directories(directory, failed);
    if (failed) return system_failure("make directory " + directory.string(), failed.value());
    return {};
}

/// In the directory that it names, which is made if need be.
Status put(const fs::path& file, const std::string& text) {
    if (file.has_parent_path()) {
        if (auto made = make_directory(file.parent_path()); !made) return made;
    }
    return write_file(file, text);
}

struct Failure {
    std::string message;
    int code = 2;  ///< 2: it could not be read; 4: it could not be written
};

std::optional<Failure> written(Status status) {
    if (status) return {};
    return Failure{status.error().message, exit_code(Verdict::error)};
}

std::optional<Failure> draw_run(const fs::path& directory, const fs::path& html) {
    const auto run = load_run(directory, "");
    if (!run) return Failure{run.error().message};
    const auto text = read_file(directory / "scenario.yaml");
    if (!text) return Failure{text.error().message};
    const auto judgement = squall::judge(run->scenario, run->history);
    return written(put(html, report::to_html(run->scenario, run->history, judgement, *text)));
}

fs::path directory_of(const fs::path& path) {
    const auto directory = fs::is_directory(path) ? path : path.parent_path();
    return directory.empty() ? fs::path(".") : directory;
}

/// Pages of one certificate, beside it.
std::optional<Failure> draw_certificate(const fs::path& directory, const report::Certificate& certificate) {
    for (const auto& result : certificate.cases) {
        const auto run = directory / result.run;
        // A certificate may travel without its runs.
        const bool there = !result.run.empty() && fs::exists(run / "facts.json");
        if (there) {
            if (auto failure = draw_run(run, run / run_page)) return failure;
        }
        const auto page = report::case_html(certificate, result, there);
        if (auto failure = written(put(directory / report::case_page(result), page))) return failure;
    }
    if (auto failure = written(put(directory / report::certificate_page, report::certificate_html(certificate))))
        return failure;
    return written(put(directory / report::badge_file, report::badge_svg(certificate)));
}

/// Certificates in `path`: it is one, or has some one level below.
std::vector<fs::path> certificates_in(const fs::path& path) {
    if (is_certificate(path)) return {path};
    std::vector<fs::path> found;
    std::error_code ignored;  // what is no directory holds none
    for (const auto& entry : fs::directory_iterator(path, ignored)) {
        if (is_certificate(entry.path())) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::optional<Failure> draw_certificates(const std::vector<fs::path>& found, const fs::path& out,
                                         const std::string& markdown) {
    std::vector<report::Listed> listed;
    for (const auto& path : found) {
        auto certificate = load_certificate(path);
        if (!certificate) return Failure{certificate.error().message};
        const auto directory = directory_of(path);
        if (auto failure = draw_certificate(directory, *certificate)) return failure;
        listed.push_back({std::move(*certificate), fs::proximate(directory, out).generic_string()});
    }
    if (auto failure = written(put(out / "index.html", report::index_html(listed)))) return failure;
    if (markdown.empty()) return {};
    return written(put(markdown, report::to_markdown(listed)));
}

}  // namespace

bool is_certificate(const fs::path& path) {
    std::error_code ignored;  // what cannot be looked at is none
    return (path.filename() == certificate_file && fs::is_regular_file(path, ignored)) ||
           fs::is_regular_file(path / certificate_file, ignored);
}

Result<report::Certificate> load_certificate(const fs::path& path) {
    const auto file = fs::is_directory(path) ? path / certificate_file : path;
    const auto text = read_file(file);
    if (!text) return text.error();
    return report::parse_certificate(*text, file.string());
}

int report(const ReportArguments& arguments) {
    std::vector<fs::path> certificates, runs;
    for (const auto& what : arguments.what) {
        const auto found = certificates_in(what);
        certificates.insert(certificates.end(), found.begin(), found.end());
        if (found.empty()) runs.emplace_back(what);
    }
    if (!certificates.empty() && !runs.empty())
        return refuse(fmt::format("{} holds no certificate: draw runs, or certificates", runs.front().string()), 2);
    const bool one_file = fs::path(arguments.html).extension() == ".html";
    if (!certificates.empty()) {
        if (one_file) return refuse("--html: certificates have many pages; name a directory", 2);
        const fs::path first = arguments.what.front();
        const fs::path out = !arguments.html.empty()                                 ? fs::path(arguments.html)
                             : arguments.what.size() == 1 && fs::is_directory(first) ? first
                                                                                     : fs::path(".");
        if (auto failure = draw_certificates(certificates, out, arguments.markdown))
            return refuse(failure->message, failure->code);
        return show(fmt::format("{}\n", (out / "index.html").string())) ? 0 : exit_code(Verdict::error);
    }
    if (!arguments.markdown.empty())
        return refuse("--markdown is for certificates; of runs, `squall run` writes it", 2);
    if (one_file && runs.size() > 1) return refuse("--html: one file cannot hold several runs; name a directory", 2);
    std::string drawn;
    for (const auto& run : runs) {
        const auto name = fs::absolute(run / "").parent_path().filename().string() + ".html";
        const fs::path html = arguments.html.empty() ? run / run_page
                              : one_file             ? fs::path(arguments.html)
                                                     : fs::path(arguments.html) / name;
        if (auto failure = draw_run(run, html)) return refuse(failure->message, failure->code);
        drawn += html.string() + "\n";
    }
    return show(drawn) ? 0 : exit_code(Verdict::error);
}

int report_played(const std::vector<report::RunResult>& results, std::string_view said, Verdict verdict,
                  const std::string& html, const std::string& markdown) {
    if (!html.empty()) {
        const bool one_file = fs::path(html).extension() == ".html";
        if (one_file && results.size() > 1) {
            return refuse(fmt::format("--html: {} runs do not fit in one file; name a directory", results.size()), 2);
        }
        std::vector<std::string> links;
        for (const auto& result : results) {
            const auto name = fs::path(result.directory).filename().string() + ".html";
            links.push_back(result.directory.empty() ? "" : name);
            if (result.directory.empty()) continue;  // what was not played has no plots
            if (auto failure = draw_run(result.directory, one_file ? fs::path(html) : fs::path(html) / name))
                return refuse(failure->message, exit_code(Verdict::error));
        }
        if (!one_file) {
            if (auto failure =
                    written(put(fs::path(html) / "index.html", report::runs_html(results, links, said, verdict))))
                return refuse(failure->message, failure->code);
        }
    }
    if (markdown.empty()) return 0;
    const auto failure = written(put(markdown, report::to_markdown(results)));
    return failure ? refuse(failure->message, failure->code) : 0;
}

}  // namespace squall::cli
