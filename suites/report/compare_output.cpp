#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "suites/report/compare.hpp"
#include "suites/report/html.hpp"

namespace squall::report {
namespace {

namespace json = boost::json;

Tone tone_of(Change change) {
    return change == Change::worse    ? Tone::bad
           : change == Change::better ? Tone::good
           : change == Change::same   ? Tone::plain
                                      : Tone::unsure;
}

std::string noise_of(const ComparedFigure& figure) {
    if (!figure.noise) return "noise unknown";
    return fmt::format("{} noise ×{:.2f}", figure.beyond_noise() ? "beyond" : "within", *figure.noise);
}

std::string sentence(const Comparison& comparison) {
    std::size_t counts[4] = {};
    for (const auto& row : comparison.verdicts)
        ++counts[static_cast<std::size_t>(row.change)];
    return fmt::format("{} worse, {} better, {} the same, {} that cannot be told",
                       counts[static_cast<std::size_t>(Change::worse)],
                       counts[static_cast<std::size_t>(Change::better)], counts[static_cast<std::size_t>(Change::same)],
                       counts[static_cast<std::size_t>(Change::unknown)]);
}

std::string headline(const Comparison& comparison) {
    return comparison.gate ? std::string(to_string(comparison.change())) : "side by side";
}

const std::string& or_dash(const std::string& text) {
    static const std::string dash = "–";
    return text.empty() ? dash : text;
}

/// What changed first; the order is kept otherwise.
std::vector<const ComparedVerdict*> by_weight(const Comparison& comparison) {
    std::vector<const ComparedVerdict*> rows;
    for (const auto& row : comparison.verdicts)
        rows.push_back(&row);
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->change > b->change; });
    return rows;
}

std::string for_markdown(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (std::string_view("\\`*_[]#|<>@~").find(c) != std::string_view::npos) escaped += '\\';
        escaped += c == '\n' ? ' ' : c;
    }
    return escaped;
}

}  // namespace

std::string to_text(const Comparison& comparison, bool colour) {
    std::string text = fmt::format("{}\n  A: {}\n  B: {}\n", comparison.title, comparison.a, comparison.b);
    for (const auto* row : by_weight(comparison)) {
        const char* shade = !colour                          ? ""
                            : row->change == Change::worse   ? "\x1b[31m"
                            : row->change == Change::better  ? "\x1b[32m"
                            : row->change == Change::unknown ? "\x1b[33m"
                                                             : "";
        text += fmt::format("  {}{:<12}{} {}: {} -> {}", shade, to_string(row->change), *shade ? "\x1b[0m" : "",
                            row->name, or_dash(row->a), or_dash(row->b));
        if (!row->measured_a.empty() || !row->measured_b.empty())
            text += fmt::format(" | {} -> {}", or_dash(row->measured_a), or_dash(row->measured_b));
        text += (row->note.empty() ? "" : " | " + row->note) + "\n";
    }
    for (const auto& figure : comparison.figures) {
        text += fmt::format("  {:<12} {:<44} {:>10} -> {:>10}  ×{:.2f}  {}\n", figure.phase, figure.what, figure.a,
                            figure.b, figure.ratio, noise_of(figure));
    }
    for (const auto& note : comparison.notes)
        text += "  note: " + note + "\n";
    return text + fmt::format("  {}: {}\n", headline(comparison), sentence(comparison));
}

std::string to_json(const Comparison& comparison) {
    json::array verdicts, figures;
    for (const auto& row : comparison.verdicts) {
        verdicts.push_back({{"name", row.name},
                            {"change", to_string(row.change)},
                            {"a", row.a.empty() ? json::value(nullptr) : json::value(row.a)},
                            {"b", row.b.empty() ? json::value(nullptr) : json::value(row.b)},
                            {"measured_a", row.measured_a},
                            {"measured_b", row.measured_b},
                            {"note", row.note}});
    }
    for (const auto& figure : comparison.figures) {
        figures.push_back({{"phase", figure.phase},
                           {"what", figure.what},
                           {"a", figure.a},
                           {"b", figure.b},
                           {"ratio", figure.ratio},
                           {"noise", figure.noise ? json::value(*figure.noise) : json::value(nullptr)},
                           {"beyond_noise", figure.beyond_noise()}});
    }
    return json::serialize(json::object{{"format", 1},
                                        {"title", comparison.title},
                                        {"a", comparison.a},
                                        {"b", comparison.b},
                                        {"gate", comparison.gate},
                                        {"change", to_string(comparison.change())},
                                        {"exit_code", exit_code(comparison)},
                                        {"verdicts", std::move(verdicts)},
                                        {"figures", std::move(figures)},
                                        {"notes", json::array(comparison.notes.begin(), comparison.notes.end())}}) +
           "\n";
}

std::string to_html(const Comparison& comparison) {
    Page page;
    page.title = fmt::format("{}: {}", comparison.title, headline(comparison));
    const auto tone = comparison.gate ? tone_of(comparison.change()) : Tone::plain;
    page.header = fmt::format(
        "<p class=\"brand\">squall comparison</p>\n<h1>{}</h1>\n<div class=\"verdict {}\"><strong>{}</strong><p>{}.</p>"
        "</div>\n<dl><dt>A</dt><dd>{}</dd><dt>B</dt><dd>{}</dd></dl>\n",
        escape(comparison.title), css_class(tone), headline(comparison), sentence(comparison), escape(comparison.a),
        escape(comparison.b));
    for (const auto& note : comparison.notes)
        page.header += "<p><small>" + escape(note) + "</small></p>\n";
    Table verdicts{"Verdicts", {"B against A", "finding or case", "A", "B"}, {}, {}};
    const auto cell = [](const std::string& verdict, const std::string& measured) {
        return "<b>" + escape(or_dash(verdict)) + "</b>" +
               (measured.empty() ? "" : "<br><small>" + escape(measured) + "</small>");
    };
    for (const auto* row : by_weight(comparison)) {
        verdicts.rows.push_back(
            {pill(to_string(row->change), tone_of(row->change)),
             escape(row->name) + (row->note.empty() ? "" : "<br><small>" + escape(row->note) + "</small>"),
             cell(row->a, row->measured_a), cell(row->b, row->measured_b)});
    }
    page.contents.emplace_back("verdicts", "Verdicts");
    page.body = section("verdicts", "Verdicts", html(verdicts));
    if (!comparison.figures.empty()) {
        Table figures{
            "Figures", {"phase", "figure", "A", "B", "B/A", "noise"}, {}, {false, false, true, true, true, true}};
        for (const auto& figure : comparison.figures) {
            auto ratio = fmt::format("×{:.2f}", figure.ratio);
            if (figure.beyond_noise()) ratio = "<b>" + ratio + "</b>";
            figures.rows.push_back({escape(figure.phase), escape(figure.what), figure.a, figure.b, ratio,
                                    figure.noise ? fmt::format("×{:.2f}", *figure.noise) : "unknown"});
        }
        page.contents.emplace_back("figures", "Figures");
        page.body += section("figures", "Figures",
                             html(figures) +
                                 "<p><small>Bold: further from 1 than either run varies within itself. What differs "
                                 "from run to run, and not within one, this cannot know.</small></p>\n");
    }
    return html(page);
}

std::string to_markdown(const Comparison& comparison) {
    std::string text =
        fmt::format("## squall compare: {}, {}\n\nA: {}  \nB: {}  \n{}\n\n| | | A | B |\n|---|---|---|---|\n",
                    for_markdown(comparison.title), headline(comparison), for_markdown(comparison.a),
                    for_markdown(comparison.b), sentence(comparison));
    std::size_t left_out = 0;
    const auto add = [&](const std::string& line) {
        if (text.size() + line.size() > 1'000'000)
            ++left_out;
        else
            text += line;
    };
    for (const auto* row : by_weight(comparison)) {
        const auto cell = [](const std::string& verdict, const std::string& measured) {
            return for_markdown(or_dash(verdict)) + (measured.empty() ? "" : ": " + for_markdown(measured));
        };
        add(fmt::format("| {} | {}{} | {} | {} |\n", to_string(row->change), for_markdown(row->name),
                        row->note.empty() ? "" : " (" + for_markdown(row->note) + ")", cell(row->a, row->measured_a),
                        cell(row->b, row->measured_b)));
    }
    if (!comparison.figures.empty()) {
        add("\n<details><summary>Figures</summary>\n\n| phase | figure | A | B | B/A | "
            "|\n|---|---|---:|---:|---:|---|\n");
        for (const auto& figure : comparison.figures) {
            add(fmt::format("| {} | {} | {} | {} | ×{:.2f} | {} |\n", for_markdown(figure.phase),
                            for_markdown(figure.what), figure.a, figure.b, figure.ratio, noise_of(figure)));
        }
        text += "\n</details>\n";
    }
    for (const auto& note : comparison.notes)
        add("\n" + for_markdown(note) + "\n");
    if (left_out > 0) text += fmt::format("\n{} lines more did not fit in here.\n", left_out);
    return text;
}

}  // namespace squall::report
