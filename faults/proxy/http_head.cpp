#include "faults/proxy/http_head.hpp"

#include <algorithm>

namespace squall::proxy {
namespace {

constexpr std::string_view line_end = "\r\n";

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    const std::size_t end = text.find_last_not_of(blanks);
    return end == std::string_view::npos ? std::string_view{} : text.substr(begin, end + 1 - begin);
}

/// Where the next line with that field begins; npos: there is none.
std::size_t find_field(std::string_view text, std::string_view name, std::size_t from = 0) {
    for (std::size_t at = text.find(line_end, from); at != std::string_view::npos; at = text.find(line_end, at)) {
        at += line_end.size();
        const std::string_view rest = text.substr(at);
        if (rest.size() > name.size() && rest[name.size()] == ':' &&
            equals_ignoring_case(rest.substr(0, name.size()), name)) {
            return at;
        }
    }
    return std::string_view::npos;
}

}  // namespace

HttpHead::State HttpHead::take(std::string_view& bytes) {
    if (state_ != State::more) return state_;
    const std::size_t before = text_.size();
    const std::string_view part = bytes.substr(0, bytes_max - before);
    text_.append(part);
    const std::size_t end = text_.find("\r\n\r\n", before > 3 ? before - 3 : 0);
    if (end != std::string::npos) {
        text_.resize(end + 4);
        state_ = State::complete;
    } else if (text_.size() >= bytes_max) {
        state_ = State::too_long;
    }
    bytes.remove_prefix(text_.size() - before);
    return state_;
}

bool HttpHead::lists(std::string_view name, std::string_view token) const {
    for (std::size_t at = find_field(text_, name); at != std::string::npos; at = find_field(text_, name, at)) {
        const std::size_t value = at + name.size() + 1;
        std::string_view rest = std::string_view(text_).substr(value, text_.find(line_end, value) - value);
        while (!rest.empty()) {
            const std::string_view one = rest.substr(0, rest.find(','));
            if (equals_ignoring_case(trimmed(one.substr(0, one.find(';'))), token)) return true;
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        }
    }
    return false;
}

bool HttpHead::has(std::string_view name) const {
    return find_field(text_, name) != std::string::npos;
}

void HttpHead::first_line(std::string_view line) {
    text_.replace(0, text_.find(line_end), line);
}

void HttpHead::remove(std::string_view name) {
    for (std::size_t at = find_field(text_, name); at != std::string::npos; at = find_field(text_, name))
        text_.erase(at, text_.find(line_end, at) + line_end.size() - at);
}

void HttpHead::add(std::string_view name, std::string_view value) {
    std::string line(name);
    line.append(": ").append(value).append(line_end);
    text_.insert(text_.size() - line_end.size(), line);
}

}  // namespace squall::proxy
