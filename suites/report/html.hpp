// Pieces of HTML that every page shares. A page is one file: no script is needed to read it, nothing is loaded, and
// what a scenario calls its cohorts stays text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "suites/report/certificate.hpp"

namespace squall::report {

/// For text and for quoted attributes. Control characters become U+FFFD.
std::string escape(std::string_view text);

/// How a verdict looks; the word is always beside the colour.
enum class Tone { good, bad, unsure, plain };
Tone tone_of(Verdict verdict);
Tone tone_of(CaseVerdict verdict);
/// What is for information passes or fails nobody.
Tone tone_of(const Finding& finding);
std::string_view word_of(const Finding& finding);
std::string_view css_class(Tone tone);               ///< "good", …
std::string pill(std::string_view word, Tone tone);  ///< a mark and the word
std::string section(std::string_view id, std::string_view title, const std::string& body);

/// Cells are HTML already. `label` names the table for screen readers; a wide one scrolls by itself.
struct Table {
    std::string label;
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;
    std::vector<bool> numeric;  ///< columns that are set to the right; missing: false
};
std::string html(const Table& table);

struct Page {
    std::string title;
    std::string header;                                         ///< HTML, above the table of contents
    std::vector<std::pair<std::string, std::string>> contents;  ///< id of a section, its title
    std::string body;                                           ///< HTML
};
/// The whole document. Its content security policy allows its own style and script, and nothing else.
std::string html(const Page& page);

/// What the page's policy says of its script: base64 of the SHA-256 of page_script(). Where they differ the browser
/// complains, and so does the test that listens to it.
std::string_view script_hash();
std::string_view page_script();
std::string_view page_style();

}  // namespace squall::report
