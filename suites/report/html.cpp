#include "suites/report/html.hpp"

#include <fmt/format.h>

namespace squall::report {

std::string escape(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            default:
                const auto byte = static_cast<unsigned char>(c);
                if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
                    escaped += "\xEF\xBF\xBD";
                } else {
                    escaped += c;
                }
        }
    }
    return escaped;
}

Tone tone_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return Tone::good;
        case Verdict::fail:
        case Verdict::error:
            return Tone::bad;
        case Verdict::inconclusive:
            break;
    }
    return Tone::unsure;
}

Tone tone_of(const Finding& finding) {
    return finding.requirement == Requirement::informational ? Tone::plain : tone_of(finding.verdict);
}

std::string_view word_of(const Finding& finding) {
    return finding.requirement == Requirement::informational ? "info" : to_string(finding.verdict);
}

Tone tone_of(CaseVerdict verdict) {
    switch (verdict) {
        case CaseVerdict::ok:
            return Tone::good;
        case CaseVerdict::failed:
            return Tone::bad;
        case CaseVerdict::inconclusive:
        case CaseVerdict::non_strict:
            return Tone::unsure;
        case CaseVerdict::informational:
        case CaseVerdict::unimplemented:
            break;
    }
    return Tone::plain;
}

std::string_view css_class(Tone tone) {
    switch (tone) {
        case Tone::good:
            return "good";
        case Tone::bad:
            return "bad";
        case Tone::unsure:
            return "unsure";
        case Tone::plain:
            break;
    }
    return "plain";
}

std::string pill(std::string_view word, Tone tone) {
    const char* mark = tone == Tone::good ? "✓" : tone == Tone::bad ? "✗" : tone == Tone::unsure ? "?" : "·";
    return fmt::format(R"(<span class="pill {}"><span aria-hidden="true">{}</span>&#160;{}</span>)", css_class(tone),
                       mark, escape(word));
}

std::string section(std::string_view id, std::string_view title, const std::string& body) {
    return fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\" tabindex=\"-1\"><h2 id=\"{0}-title\">{1}</h2>\n"
        "{2}</section>\n",
        id, escape(title), body);
}

std::string html(const Table& table) {
    const auto kind = [&](std::size_t column) {
        return column < table.numeric.size() && table.numeric[column] ? " class=\"n\"" : "";
    };
    std::string text = fmt::format(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table aria-label=\"{0}\"><thead><tr>",
        escape(table.label));
    for (std::size_t n = 0; n < table.head.size(); ++n)
        text += fmt::format("<th scope=\"col\"{}>{}</th>", kind(n), table.head[n]);
    text += "</tr></thead><tbody>\n";
    for (const auto& row : table.rows) {
        text += "<tr>";
        for (std::size_t n = 0; n < row.size(); ++n)
            text += fmt::format("<td{}>{}</td>", kind(n), row[n]);
        text += "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
}

std::string html(const Page& page) {
    std::string contents;
    for (const auto& [id, title] : page.contents)
        contents += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, escape(title));
    if (!contents.empty()) contents = "<nav aria-label=\"Contents\"><ul>" + contents + "</ul></nav>\n";
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"squall\">\n"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n"
        "<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n{}</header>\n{}"
        "<main id=\"content\" tabindex=\"-1\">\n{}</main>\n<script>{}</script>\n</body>\n</html>\n",
        script_hash(), escape(page.title), page_style(), page.header, contents, page.body, page_script());
}

}  // namespace squall::report
