// squall compare: two runs of one scenario, or two certificates.
#include <fmt/format.h>
#include <unistd.h>

#include "faults/core/files.hpp"
#include "suites/cli/commands.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/report.hpp"
#include "suites/engine/run_directory.hpp"
#include "suites/report/compare.hpp"

namespace squall::cli {
namespace fs = std::filesystem;
namespace {

Result<report::Comparison> compare_runs(const fs::path& a, const fs::path& b) {
    const auto run_a = load_run(a, "");
    if (!run_a) return run_a.error();
    const auto run_b = load_run(b, "");
    if (!run_b) return run_b.error();
    const auto judged_a = squall::judge(run_a->scenario, run_a->history);
    const auto judged_b = squall::judge(run_b->scenario, run_b->history);
    return report::compare({run_a->scenario, run_a->history, judged_a, a.string()},
                           {run_b->scenario, run_b->history, judged_b, b.string()});
}

Result<report::Comparison> compare_certificates(const fs::path& a, const fs::path& b) {
    const auto certificate_a = load_certificate(a);
    if (!certificate_a) return certificate_a.error();
    const auto certificate_b = load_certificate(b);
    if (!certificate_b) return certificate_b.error();
    return report::compare(*certificate_a, *certificate_b);
}

Result<report::Comparison> compare_paths(const fs::path& a, const fs::path& b) {
    const bool certified = is_certificate(a);
    if (certified != is_certificate(b)) {
        return Error{fmt::format("{} is a certificate, and {} is none: compare two runs, or two certificates",
                                 (certified ? a : b).string(), (certified ? b : a).string())};
    }
    return certified ? compare_certificates(a, b) : compare_runs(a, b);
}

}  // namespace

int compare(const CompareArguments& arguments) {
    const auto compared = compare_paths(arguments.a, arguments.b);
    if (!compared) return refuse(compared.error().message, 2);
    if (arguments.gate && !compared->gate) {
        return refuse(fmt::format("--gate: {} are two servers; a gate compares one server with itself, by the name in "
                                  "its profile",
                                  compared->title),
                      2);
    }
    const bool shown = show(report::to_text(*compared, isatty(STDOUT_FILENO) == 1));
    const std::pair<const std::string&, std::string (*)(const report::Comparison&)> wanted[] = {
        {arguments.json, report::to_json},
        {arguments.html, report::to_html},
        {arguments.markdown, report::to_markdown}};
    for (const auto& [file, text] : wanted) {
        if (file.empty()) continue;
        if (auto written = write_file(file, text(*compared)); !written)
            return refuse(written.error().message, exit_code(Verdict::error));
    }
    return shown ? exit_code(*compared) : exit_code(Verdict::error);
}

}  // namespace squall::cli
