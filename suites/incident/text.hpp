// Characters and words, without locales.
#pragma once

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
inline char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = lower(c);
    return out;
}

}  // namespace squall::incident
