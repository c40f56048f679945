// Log lines: TIME [words] NAME: VALUE [NAME: VALUE …], with = for the colon, and VALUE / LIMIT. What else stands in a
// line (levels, components, text) is passed over; "OOM killed" and the like are events.
#include <fmt/format.h>

#include <algorithm>

#include "suites/incident/builder.hpp"
#include "suites/incident/log_event.hpp"
#include "suites/incident/text.hpp"

namespace squall::incident {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::size_t line_bytes = 64 * 1024;

std::size_t past(std::string_view text, std::string_view any_of, std::size_t from) {
    return std::min(text.find_first_not_of(any_of, from), text.size());
}

bool is_level(std::string_view word) {
    return is_one_of(lower(word), {"trace", "debug", "info", "notice", "warn", "warning", "error", "err", "crit",
                                   "critical", "fatal", "alert", "emerg"});
}

bool is_statistic(std::string_view word) {
    return is_one_of(lower(word), {"p50", "p90", "p95", "p99", "p99.9", "p999", "max", "min", "mean", "avg", "median"});
}

/// Of KEY=WORD: who says the rest of the line. Of what else is in it, a series is not told apart.
bool tells_apart(std::string_view key) {
    return is_one_of(lower(key), {"pod", "instance", "host", "hostname", "node", "container", "server", "replica",
                                  "shard", "worker"});
}

/// The words of a name, without levels, brackets and what stands in them, and KEY=WORD.
std::vector<std::string> name_words(std::string_view text) {
    std::vector<std::string> words;
    for (std::size_t at = past(text, blanks, 0); at < text.size(); at = past(text, blanks, at)) {
        const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
        std::string_view word = text.substr(at, end - at);
        at = end;
        if (word.front() == '[' || word.find('=') != std::string_view::npos) continue;
        word = stripped(word, punctuation);
        if (!word.empty() && !is_level(word)) words.emplace_back(word);
    }
    constexpr std::size_t most = 8;
    if (words.size() > most) words.erase(words.begin(), words.end() - most);
    return words;
}

/// 10.0.0.1, 10.0.0.1:5123, [::1]:5123, fe80::1 at the beginning: its length, 0 where there is none.
std::size_t address_length(std::string_view text) {
    text = text.substr(0, 64);  // longer than any
    const auto number = [&](std::size_t from) { return past(text, "0123456789", from) - from; };
    std::size_t at = 0;
    if (!text.empty() && text.front() == '[') {
        const std::size_t end = past(text, "0123456789abcdefABCDEF:.", 1);
        if (end < text.size() && text[end] == ']' && text.substr(0, end).find(':') != std::string_view::npos)
            at = end + 1;
    } else if (const std::size_t end = past(text, "0123456789abcdefABCDEF:", 0);
               text.substr(0, end).find("::") != std::string_view::npos) {
        at = end;
    } else {
        for (int i = 0; i < 4; ++i) {
            const std::size_t digits = number(at);
            if (digits < 1 || digits > 3) return 0;
            at += digits;
            if (i < 3 && (at >= text.size() || text[at++] != '.')) return 0;
        }
    }
    if (at > 0 && at < text.size() && text[at] == ':' && number(at + 1) > 0) at += 1 + number(at + 1);
    const bool ends = at >= text.size() || std::string_view(" \t,;|)]}\"':./").find(text[at]) != std::string_view::npos;
    const bool goes_on = at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1]);  // 1.2.3.4.5
    return ends && !goes_on ? at : 0;
}

/// One line behind its time.
class Line {
public:
    Line(std::string_view text, std::size_t number, std::size_t offset, double at_s, Builder& builder)
        : text_(text), number_(number), offset_(offset), at_s_(at_s), builder_(builder) {}

    void read() {
        while (at_ < text_.size()) {
            if (text_[at_] == ':' || text_[at_] == '=') {
                pair();
            } else if (const std::size_t address = begins_word() ? address_length(text_.substr(at_)) : 0; address > 0) {
                at_ += address;
            } else {
                ++at_;
            }
        }
        const std::size_t rest = past(text_, blanks, name_from_);
        if (said_by_ && pairs_.empty() && rest < text_.size()) in_words(*said_by_);
        said_ += text_.substr(name_from_);
        if (const auto what = event_in(said_)) {
            builder_.event(*what, at_s_, std::string(text_), place(0));
            found_ = true;
        }
        for (const Pair& pair : pairs_)
            builder_.value(labelled(pair.name, labels_), at_s_, pair.value, place(pair.from));
        found_ |= !pairs_.empty();
    }

    /// It held something: a value, one that cannot be read, an event.
    bool found() const { return found_; }

private:
    struct Pair {
        std::string name;
        Value value;
        std::size_t from;
    };

    Place place(std::size_t at) const { return {number_, offset_ + at + 1}; }

    bool begins_word() const {
        return at_ == 0 || std::string_view(" \t([\"'<,;|").find(text_[at_ - 1]) != std::string_view::npos;
    }

    void pair() {
        const bool equals = text_[at_] == '=';
        const std::string name = equals ? key() : phrase();
        std::size_t from = past(text_, blanks, at_ + 1);
        const bool quoted = from < text_.size() && text_[from] == '"';
        from += quoted;
        if (equals && tells_apart(name)) return take_label(name, quoted, from);
        if (const std::size_t address = address_length(text_.substr(std::min(from, text_.size()))); address > 0) {
            if (!name.empty()) {
                builder_.unread(name, fmt::format("'{}' is an address", text_.substr(from, address)), place(from),
                                true);
            }
            at_ = name_from_ = from + address;
            return;
        }
        const auto value = value_at(text_.substr(from));
        if (!value || name.empty()) {
            no_value(equals, quoted, from);
            return;
        }
        if (!*value) {
            builder_.unread(name, value->error().message, place(from));
            found_ = true;
            at_ = name_from_ = std::min(text_.find_first_of(blanks, from), text_.size());
            return;
        }
        at_ = from + (*value)->length;
        at_ += quoted && at_ < text_.size() && text_[at_] == '"';
        name_ = name;
        with_limit(**value, from);
        // "0 processes killed"; a marker, as what stood there is a value.
        if ((*value)->value.number == 0) said_ += " : 0 ";
        at_ = past(text_, " \t,;|", at_);
        if (at_ < text_.size() && text_[at_] == '(')  // the same once more: 8,589,934,592 (8 GiB)
            at_ = std::min(text_.find(')', at_), text_.size() - 1) + 1;
        name_from_ = at_ = past(text_, " \t,;|", at_);
    }

    /// `value / limit`, `value of limit`: the limit is a series of its own.
    void with_limit(const ValueAt& read, std::size_t from) {
        Value value = read.value;
        std::size_t next = past(text_, blanks, at_);
        const bool slash = next < text_.size() && text_[next] == '/';
        const bool of = text_.substr(next, 3) == "of ";
        next = past(text_, blanks, next + (slash ? 1 : 3));
        const auto limit = slash || of ? value_at(text_.substr(std::min(next, text_.size()))) : std::nullopt;
        if (!limit || !*limit) {
            pairs_.push_back({name_, value, from});
            if (!limit) return;
            builder_.unread(name_ + " limit", limit->error().message, place(next));
            at_ = std::min(text_.find_first_of(blanks, next), text_.size());
            return;
        }
        // "15.2 / 16 GB": the unit is that of both.
        if (!value.unit && read.factor == 1) value = {value.number * (*limit)->factor, (*limit)->value.unit};
        pairs_.push_back({name_, value, from});
        pairs_.push_back({name_ + " limit", (*limit)->value, next});
        at_ = next + (*limit)->length;
    }

    void take_label(const std::string& key, bool quoted, std::size_t from) {
        const std::size_t end = std::min(text_.find_first_of(quoted ? "\"" : " \t,;|", from), text_.size());
        labels_ += fmt::format("{}{}=\"{}\"", labels_.empty() ? "" : ",", key,
                               text_.substr(std::min(from, end), end - std::min(from, end)));
        at_ = name_from_ = std::min(end + quoted, text_.size());
    }

    /// "queue depth: about 7".
    void in_words(std::size_t colon) {
        const std::size_t from = past(text_, blanks, colon + 1);
        builder_.unread(label_, fmt::format("'{}' is no number", beginning(trimmed(text_.substr(from)), 40)),
                        place(from), true);
    }

    void no_value(bool equals, bool quoted, std::size_t from) {
        constexpr std::size_t longer_than_any = 16;
        const std::string_view behind = text_.substr(from, longer_than_any);
        const std::string_view word = behind.substr(0, behind.find_first_of(" \t,;|\""));
        if (word.size() < longer_than_any && is_not_finite(word)) {
            builder_.gap();
            found_ = true;
            at_ = name_from_ = from + word.size();
            return;
        }
        if (!equals) {
            // The first of a line is who says it, if something follows.
            const bool first = label_.empty() && pairs_.empty();
            const auto words = name_words(text_.substr(name_from_, at_ - name_from_));
            if (!words.empty()) {
                label_ = fmt::format("{}", fmt::join(words, " "));
                said_by_ = first ? std::optional(at_) : std::nullopt;
                if (!first) in_words(at_);
            }
            said_ += text_.substr(name_from_, at_ - name_from_ + 1);
            name_from_ = ++at_;
            return;
        }
        said_ += text_.substr(name_from_, at_ - name_from_);
        const std::size_t end =
            std::min(quoted ? text_.find('"', from) : text_.find_first_of(blanks, from), text_.size());
        said_ += " ";
        said_ += text_.substr(std::min(from, end), end - std::min(from, end));  // msg="OOM killed" says something
        at_ = name_from_ = std::min(end + quoted, text_.size());
    }

    /// The word in front of '='.
    std::string key() {
        std::size_t begin = at_;
        while (begin > name_from_ && blanks.find(text_[begin - 1]) == std::string_view::npos &&
               std::string_view(",;|[({\"").find(text_[begin - 1]) == std::string_view::npos)
            --begin;
        return usable({std::string(text_.substr(begin, at_ - begin))}, begin);
    }

    /// The words in front of ':'.
    std::string phrase() { return usable(name_words(text_.substr(name_from_, at_ - name_from_)), at_); }

    /// "p99: 341" behind "queue depth p95: 156" is the queue depth's.
    std::string usable(const std::vector<std::string>& words, std::size_t said_to) {
        std::string name = fmt::format("{}", fmt::join(words, " "));
        if (std::none_of(name.begin(), name.end(), is_letter)) return "";
        if (said_to > name_from_ && said_to < at_) said_ += text_.substr(name_from_, said_to - name_from_);
        if (words.size() != 1 || !is_statistic(words.front())) return name;
        std::string stem = label_;
        if (!name_.empty()) {
            stem.clear();
            for (const std::string& word : name_words(name_))
                if (!is_statistic(word)) stem += (stem.empty() ? "" : " ") + word;
        }
        return stem.empty() ? name : stem + " " + name;
    }

    std::string_view text_;
    std::size_t number_, offset_;
    double at_s_;
    Builder& builder_;
    std::size_t at_ = 0, name_from_ = 0;
    std::string name_, label_, labels_;
    std::optional<std::size_t> said_by_;  // where the colon of the only label stands
    std::string said_;                    // what is neither name nor value
    std::vector<Pair> pairs_;
    bool found_ = false;
};

/// Where a line's time stands: behind a bracket, or as `time="…"`.
std::optional<Result<Time>> begin_of(std::string_view line, std::size_t& begin) {
    begin = past(line, " \t[(\"", 0);
    for (const std::string_view key : {"time=", "ts=", "timestamp=", "t=", "@timestamp="})
        if (line.substr(begin, key.size()) == key) begin = past(line, "\"", begin + key.size());
    auto time = time_at(line.substr(begin));
    if (!time || !*time) return time;
    const std::size_t end = begin + (*time)->length;
    return end >= line.size() || std::string_view(" \t])\",:|").find(line[end]) != std::string_view::npos
               ? time
               : std::nullopt;
}

}  // namespace

void read_log(std::string_view text, Builder& builder) {
    std::size_t timed = 0, timeless = 0, first_timeless = 0, idle = 0, first_idle = 0;
    Clock clock;
    for (std::size_t number = 1; !text.empty() && !builder.enough(); ++number) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (past(line, blanks, 0) == line.size()) continue;
        if (line.size() > line_bytes) {
            builder.mistake({number, 1}, "is longer than 64 KiB, which no line of a log is");
            continue;
        }
        std::size_t begin = 0;
        const auto time = begin_of(line, begin);
        if (!time) {
            if (timeless++ == 0) first_timeless = number;
            continue;
        }
        ++timed;
        const auto at_s = *time ? clock.going_on(**time, line.substr(begin, (*time)->length), number) : time->error();
        if (!at_s) {
            builder.mistake({number, begin + 1}, at_s.error().message);
            continue;
        }
        const std::size_t rest = past(line, " \t])\",:|", begin + (*time)->length);
        Line one(line.substr(rest), number, rest, *at_s, builder);
        one.read();
        if (!one.found() && idle++ == 0) first_idle = number;
    }
    if (idle > 0) {
        builder.note(fmt::format("{} line{} with a time hold{} no value that is understood, the first is line {}", idle,
                                 idle == 1 ? "" : "s", idle == 1 ? "s" : "", first_idle));
    }
    if (timed == 0 && first_timeless > 0) {
        builder.mistake({first_timeless, 1},
                        "does not begin with a time (2026-03-14T14:23:45Z, 14:23:45, or seconds since 1970), and "
                        "neither does any other line");
    } else if (timeless > 0) {
        builder.note(fmt::format("{} line{} without a time {} passed over, the first is line {}", timeless,
                                 timeless == 1 ? "" : "s", timeless == 1 ? "was" : "were", first_timeless));
    }
}

}  // namespace squall::incident
