// Characters and words, without locales.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace squall::incident {

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
inline bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
inline bool is_letter(char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z');
}
inline bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
inline bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), word) != all.end();
}
inline char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = lower(c);
    return out;
}

/// `most` bytes of it at most, and no part of a character in UTF-8.
inline std::string_view beginning(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
        --most;
    return text.substr(0, most);
}

/// One line of UTF-8 in which nothing steers a terminal: any other byte is a question mark.
std::string as_line(std::string_view text);

inline std::string_view stripped(std::string_view word, std::string_view of) {
    while (!word.empty() && of.find(word.front()) != of.npos)
        word.remove_prefix(1);
    while (!word.empty() && of.find(word.back()) != of.npos)
        word.remove_suffix(1);
    return word;
}

inline std::string_view trimmed(std::string_view text) {
    return stripped(text, " \t\r");
}

/// What stands around words: brackets, quotes, commas.
inline constexpr std::string_view punctuation = "[](){}<>,;|\"'*-";

}  // namespace squall::incident
