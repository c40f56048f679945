#include "suites/incident/log_event.hpp"

#include <algorithm>

#include "suites/incident/text.hpp"

namespace squall::incident {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::size_t near = 100;  // no further away than that would anybody deny it

/// Of the server: clients come and go.
bool is_client(std::string_view word) {
    return is_one_of(word, {"client", "clients", "connection", "connections", "session", "sessions", "subscriber",
                            "subscribers", "consumer", "consumers", "peer", "peers"});
}

std::vector<std::string_view> said_words(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(blanks); at < text.size(); at = text.find_first_not_of(blanks, at)) {
        const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
        if (const auto word = stripped(text.substr(at, end - at), punctuation); !word.empty()) words.push_back(word);
        at = end;
    }
    return words;
}

/// Who it happened to: "client killed", "client 17 was killed".
bool happened_to_a_client(const std::vector<std::string_view>& before) {
    std::size_t subject = before.size();
    while (subject > 0 && (is_one_of(before[subject - 1], {"was", "were", "is", "are", "been", "has", "have", "got"}) ||
                           is_digit(before[subject - 1].back())))
        --subject;
    return subject > 0 && is_client(stripped(before[subject - 1], ":"));
}

/// By one of the three words before it.
bool is_denied_before(const std::vector<std::string_view>& words, bool for_memory) {
    for (std::size_t i = words.size() - std::min<std::size_t>(3, words.size()); i < words.size(); ++i) {
        if (is_one_of(stripped(words[i], ":"), {"no", "not", "never", "without", "zero", "none", "disabled"}))
            return true;
        if (words[i] != "0") continue;
        if (i + 1 < words.size() && words[i + 1].back() == 's') return true;  // 0 processes
        const bool was_value = i > 0 && words[i - 1] == ":";
        // "connections: 0 OOM killed": the nought is that of connections; "worker 0 crashed": it is that worker's.
        if (was_value ? i + 1 == words.size() && !for_memory : i == 0 || words[i - 1].back() == ':') return true;
    }
    return happened_to_a_client(words);
}

/// By one of the two words behind it: "killed 0 processes", "OOM killer: disabled", "killed its connection"; but not
/// "panic: no space left".
bool is_denied_behind(std::string_view text, bool for_memory) {
    bool colon = !text.empty() && text.front() == ':';
    std::size_t at = colon ? 1 : 0;
    for (int i = 0; i < 2; ++i) {
        at = std::min(text.find_first_not_of(blanks, at), text.size());
        const std::size_t stop = std::min(text.find_first_of(" \t,;|.():", at), text.size());
        const std::string_view word = text.substr(at, stop - at);
        if (is_one_of(word, {"0", "zero", "none", "disabled"}) || (!colon && word == "no")) return true;
        if (!colon && !for_memory && is_client(word)) return true;
        if (word.empty() || stop == text.size()) return false;
        if (text[stop] == ':') colon = true;
        if (!is_blank(text[stop]) && text[stop] != ':') return false;
        at = stop + 1;
    }
    return false;
}

bool is_part_of_word(char c) {
    return is_letter(c) || c == '_';
}

bool says(std::string_view text, std::string_view what) {
    const bool for_memory = what.front() == 'o';
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) {
        const std::size_t end = at + what.size();
        if (is_part_of_word(text[at - 1]) || is_part_of_word(text[end])) continue;
        const std::size_t from = at <= near ? 0 : std::min(text.find_first_of(blanks, at - near), at);
        if (!is_denied_before(said_words(text.substr(from, at - from)), for_memory) &&
            !is_denied_behind(text.substr(end, near), for_memory))
            return true;
    }
    return false;
}

}  // namespace

std::optional<Event::What> event_in(std::string_view said) {
    const std::string text = " " + lower(said) + " ";
    const auto any = [&](std::initializer_list<std::string_view> all) {
        return std::any_of(all.begin(), all.end(), [&](std::string_view what) { return says(text, what); });
    };
    if (any({"oom", "oomkilled", "oom-killed", "out of memory"})) return Event::What::killed_for_memory;
    if (any({"killed", "crashed", "sigkill", "segfault", "panic"})) return Event::What::killed;
    if (any({"restarted", "restarting", "scheduled restart"})) return Event::What::restarted;
    return std::nullopt;
}

}  // namespace squall::incident
