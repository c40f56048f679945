// A badge, and Markdown for where a CI server shows a step's summary.
#include <fmt/format.h>

#include <algorithm>

#include "suites/report/certificate_page.hpp"
#include "suites/report/html.hpp"

namespace squall::report {
namespace {

/// Inside a cell or a line: what would be markup is text.
std::string plain(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            escaped += ' ';
        } else {
            if (std::string_view("\\`*_{}[]()#+!|~<>@").find(c) != std::string_view::npos) escaped += '\\';
            escaped += c;
        }
    }
    return escaped;
}

/// Code spans know no escapes: a longer fence than any inside it.
std::string code(const std::string& text) {
    std::string flat = text;
    std::replace_if(
        flat.begin(), flat.end(), [](char c) { return c == '\n' || c == '\r' || c == '|'; }, ' ');
    if (flat.find('`') != std::string::npos) return plain(text);
    return "`" + flat + "`";
}

const char* sign(Tone tone) {
    return tone == Tone::good ? "✅" : tone == Tone::bad ? "❌" : tone == Tone::unsure ? "❔" : "▫️";
}

std::string verdict_cell(std::string_view word, Tone tone) {
    return fmt::format("{} {}", sign(tone), word);
}

std::string finding_lines(const Judgement& judgement) {
    std::string text;
    for (const auto& finding : judgement.findings) {
        text += fmt::format("- {} **{}**: {}", sign(tone_of(finding)), word_of(finding), plain(finding.name));
        if (finding.name != finding.expected) text += "; expected " + code(finding.expected);
        if (!finding.measured.empty()) text += "; measured " + plain(finding.measured);
        if (!finding.bound.empty() && !finding.measured.empty()) text += ", bound " + plain(finding.bound);
        if (finding.margin) text += fmt::format(", margin {:+.0f}%", *finding.margin * 100 + 0.0);
        if (!finding.phase.empty()) text += "; " + plain(finding.phase);
        if (finding.since) text += fmt::format("; since {:.2f} s", to_seconds(*finding.since));
        if (!finding.detail.empty()) text += "; " + plain(finding.detail);
        text += "\n";
    }
    return text;
}

/// Blocks in order, for as long as they fit; then how many did not.
class Limited {
public:
    explicit Limited(std::string head) : text_(std::move(head)) {}
    void add(const std::string& block) {
        if (left_out_ > 0 || text_.size() + block.size() > markdown_bytes_max) {
            ++left_out_;
        } else {
            text_ += block;
        }
    }
    std::string take() && {
        if (left_out_ > 0) text_ += fmt::format("\n{} more did not fit in here.\n", left_out_);
        return std::move(text_);
    }

private:
    std::string text_;
    std::size_t left_out_ = 0;
};

/// Up to its end a summary is HTML; a blank line would end it.
std::string details(std::string summary, const std::string& body, bool open) {
    std::replace(summary.begin(), summary.end(), '\n', ' ');
    return fmt::format("\n<details{}><summary>{}</summary>\n\n{}\n</details>\n", open ? " open" : "", escape(summary),
                       body);
}

}  // namespace

std::string badge_svg(const Certificate& certificate) {
    const Level* level = level_of(certificate);
    const auto worst = worst_of(certificate);
    const bool failed = worst == CaseVerdict::failed;
    const std::string word = level ? level->name : failed ? "FAILED" : std::string(to_string(worst));
    const std::string left = "squall";
    // Widths as DejaVu Sans at 11 pixels has them on average; textLength makes them so.
    const auto width = [](const std::string& text) { return 6.6 * static_cast<double>(text.size()) + 12; };
    const double a = width(left), b = width(word);
    const char* colour = level                                 ? "#0b6b3a"
                         : failed                              ? "#a1001c"
                         : worst == CaseVerdict::ok            ? "#0b6b3a"
                         : worst == CaseVerdict::unimplemented ? "#555f6b"
                                                               : "#7a5200";
    const auto name = escape(left + ": " + certificate.server + ": " + word);
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="20" role="img" aria-label="{name}">)"
        R"(<title>{name}</title><rect width="{w:.0f}" height="20" rx="4" fill="#39424d"/>)"
        R"(<path d="M{a:.0f} 0h{c:.0f}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{c:.0f}z" fill="{colour}"/>)"
        R"(<g fill="#fff" font-family="DejaVu Sans,Verdana,sans-serif" font-size="11" text-anchor="middle">)"
        R"(<text x="{x:.1f}" y="14" textLength="{i:.0f}">{left}</text>)"
        R"(<text x="{y:.1f}" y="14" textLength="{j:.0f}">{word}</text>)"
        "</g></svg>\n",
        fmt::arg("w", a + b), fmt::arg("name", name), fmt::arg("a", a), fmt::arg("c", b - 4),
        fmt::arg("colour", colour), fmt::arg("x", a / 2), fmt::arg("y", a + b / 2), fmt::arg("i", a - 12),
        fmt::arg("j", b - 12), fmt::arg("left", left), fmt::arg("word", escape(word)));
}

std::string to_markdown(const std::vector<RunResult>& runs) {
    const auto verdict = worst(runs);
    std::string table = fmt::format("## squall: {}\n\n| scenario | verdict | held | lasted |\n|---|---|---:|---:|\n",
                                    verdict_cell(to_string(verdict), tone_of(verdict)));
    Limited text(std::move(table));
    for (const auto& run : runs) {
        const auto& findings = run.judgement.findings;
        const auto held = std::count_if(findings.begin(), findings.end(),
                                        [](const Finding& finding) { return finding.verdict == Verdict::pass; });
        text.add(fmt::format("| {} | {} | {} of {} | {:.1f} s |\n", plain(run.scenario),
                             verdict_cell(to_string(run.judgement.verdict), tone_of(run.judgement.verdict)), held,
                             findings.size(), run.seconds));
    }
    for (const bool passed : {false, true}) {  // what did not hold comes first, and is open
        for (const auto& run : runs) {
            if ((run.judgement.verdict == Verdict::pass) != passed) continue;
            auto body = finding_lines(run.judgement);
            if (!run.command.empty()) body += "\nAgain: " + code(run.command) + "\n";
            text.add(details(fmt::format("{}: {}", run.scenario, to_string(run.judgement.verdict)), body, !passed));
        }
    }
    return std::move(text).take();
}

std::string to_markdown(const std::vector<Listed>& servers) {
    Limited text(
        "## squall certificates\n\n| server | version | level | OK | NON-STRICT | FAILED | INCONCLUSIVE | other |\n"
        "|---|---|---|---:|---:|---:|---:|---:|\n");
    for (const auto& [certificate, directory] : servers) {
        std::size_t counts[6] = {};
        for (const auto& result : certificate.cases)
            ++counts[static_cast<std::size_t>(result.verdict)];
        const auto count = [&](CaseVerdict verdict) { return counts[static_cast<std::size_t>(verdict)]; };
        const Level* level = level_of(certificate);
        text.add(fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", plain(certificate.server),
                             plain(certificate.version), level ? plain(level->name) : "none", count(CaseVerdict::ok),
                             count(CaseVerdict::non_strict), count(CaseVerdict::failed),
                             count(CaseVerdict::inconclusive),
                             count(CaseVerdict::informational) + count(CaseVerdict::unimplemented)));
    }
    for (const auto& [certificate, directory] : servers) {
        std::string body = "| case | protocol | verdict | why |\n|---|---|---|---|\n";
        for (const auto& result : certificate.cases) {
            body +=
                fmt::format("| {} {} | {} | {} | {} |\n", plain(result.id), plain(result.name), plain(result.protocol),
                            verdict_cell(to_string(result.verdict), tone_of(result.verdict)), plain(result.reason));
        }
        text.add(details(certificate.server, body, false));
        for (const auto& result : certificate.cases) {
            if (result.verdict != CaseVerdict::failed) continue;
            auto lines = finding_lines(result.judgement);
            if (!result.command.empty()) lines += "\nAgain: " + code(result.command) + "\n";
            text.add(details(
                fmt::format("{}: {} {} ({}): FAILED", certificate.server, result.id, result.name, result.protocol),
                lines, false));
        }
    }
    return std::move(text).take();
}

}  // namespace squall::report
