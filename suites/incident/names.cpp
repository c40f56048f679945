// Names of a record → words of squall's. A name is taken apart into words, wherever letters, digits and cases meet; the
// first meaning all of whose words are among them is what it means.
#include "suites/incident/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "suites/incident/text.hpp"
#include "suites/model/suggest.hpp"

namespace squall::incident {
namespace {

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = text.find(by);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string singular(std::string word) {
    if (word.size() > 2 && word.back() == 's' && word != "rss" && word != "pss" && word != "loss") word.pop_back();
    return word;
}

/// "push_queueDepths 2" → push queue depth depth+ 2 NUMBER: with + where several are meant.
std::vector<std::string> words_of(std::string_view name) {
    std::vector<std::string> words;
    std::string word;
    const auto end = [&] {
        if (word.empty()) return;
        words.push_back(singular(word));
        if (words.back() != word) words.push_back(words.back() + "+");
        if (std::all_of(word.begin(), word.end(), is_digit)) words.emplace_back("NUMBER");
        word.clear();
    };
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool point = c == '.' && i > 0 && is_digit(name[i - 1]) && i + 1 < name.size() && is_digit(name[i + 1]);
        if (!is_letter(c) && !is_digit(c) && !point) {
            end();
            continue;
        }
        if (is_upper(c) && i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z') end();
        word += lower(c);
    }
    end();
    return words;
}

/// The statistic that a name speaks of, in squall's word for it.
std::string quantile_in(const std::vector<std::string>& words) {
    static const std::map<std::string, std::string> known{
        {"p50", "p50"},  {"0.5", "p50"},  {"median", "p50"},  {"50th", "p50"},   {"p90", "p90"},
        {"0.9", "p90"},  {"p95", "p95"},  {"0.95", "p95"},    {"95th", "p95"},   {"p99", "p99"},
        {"0.99", "p99"}, {"99th", "p99"}, {"p99.9", "p99.9"}, {"p999", "p99.9"}, {"0.999", "p99.9"},
        {"max", "max"},  {"1", "max"},    {"maximum", "max"}};
    const bool labelled = std::find(words.begin(), words.end(), "quantile") != words.end();
    for (const std::string& word : words) {
        const auto found = known.find(word);
        if (found != known.end() && (word != "1" || labelled)) return found->second;
    }
    return "";
}

/// A statistic that is none of squall's.
bool has_other_statistic(const std::vector<std::string>& words) {
    static const std::set<std::string> others{"avg", "average", "mean", "min", "minimum", "std", "count"};
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
        const bool percentile =
            word.size() > 1 && word[0] == 'p' &&
            std::all_of(word.begin() + 1, word.end(), [](char c) { return is_digit(c) || c == '.'; });
        return percentile || others.count(word) > 0;
    });
}

/// Of a histogram: no value of what it is named after.
bool of_histogram(const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(),
                       [](const std::string& word) { return word == "bucket" || word == "sum" || word == "stddev"; });
}

/// Which of the meaning's names it is, from 0; none of them.
std::optional<std::size_t> fits(const Meaning& meaning, const std::vector<std::string>& words,
                                const std::string& quantile, const std::optional<Unit>& unit) {
    const auto has_any = [&](std::string_view wanted) {
        const auto alternatives = split(wanted, '|');
        return std::any_of(alternatives.begin(), alternatives.end(), [&](const std::string& word) {
            return std::find(words.begin(), words.end(), singular(word)) != words.end();
        });
    };
    const auto has = [&](const std::string& wanted) {
        if (wanted == "QUANTILE") return !quantile.empty();
        if (wanted == "BYTES") return unit == Unit{dimension::bytes};
        if (wanted == "BANDWIDTH") return unit == Unit{dimension::bandwidth};
        return wanted.front() == '!' ? !has_any(std::string_view(wanted).substr(1)) : has_any(wanted);
    };
    const auto names = split(meaning.names, ',');
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto wanted = split(names[i], ' ');
        std::erase(wanted, "");
        if (std::all_of(wanted.begin(), wanted.end(), has)) return i;
    }
    return std::nullopt;
}

bool quantile_fits(const Meaning& meaning, const std::string& quantile) {
    if (meaning.aggregation != "quantile") return true;
    const bool summary = meaning.word.rfind("queue.", 0) == 0;  // what a target declares of itself
    return !quantile.empty() && !(summary && (quantile == "p90" || quantile == "p99.9"));
}

/// Of labels, only this one says what is measured; the others say of whom.
std::string_view quantile_label(std::string_view name) {
    name.remove_prefix(without_labels(name).size());
    for (const std::string_view key : {"{quantile=\"", ",quantile=\""}) {
        const auto at = name.find(key);
        if (at == std::string_view::npos) continue;
        name.remove_prefix(at + key.size());
        return name.substr(0, name.find('"'));
    }
    return "";
}

}  // namespace

bool unit_fits(const Meaning& meaning, const std::optional<Unit>& unit) {
    if (!unit || unit == meaning.unit) return true;
    if (unit->letter_m)
        return meaning.unit.dimension == dimension::cores || meaning.unit.dimension == dimension::bytes ||
               meaning.unit.dimension == dimension::time;
    if (meaning.unit.percent)
        return unit->dimension == dimension::none || (meaning.counts && unit->dimension == dimension::time);
    if (meaning.unit.dimension == dimension::cores)
        return unit->percent || (meaning.counts && unit->dimension == dimension::time);
    if (meaning.unit.dimension == dimension::rate) return unit->dimension == dimension::none && !unit->percent;
    if (meaning.unit.dimension == dimension::bandwidth) return unit->dimension == dimension::bytes;
    return meaning.unit.dimension == dimension::none && unit->dimension == dimension::none && !unit->percent;
}

std::string_view without_labels(std::string_view name) {
    return name.substr(0, name.find('{'));
}

std::string_view whole_of(std::string_view name) {
    const auto whole = without_labels(name);
    return whole.empty() ? name : whole;
}

std::optional<Meant> meant_by_name(const Series& series) {
    std::vector<std::string> words = words_of(without_labels(series.name));
    if (const auto label = quantile_label(series.name); !label.empty()) {
        words.emplace_back("quantile");
        words.emplace_back(label);
    }
    if (of_histogram(words)) return std::nullopt;
    const std::string quantile = quantile_in(words);
    for (const Meaning& meaning : all_meanings()) {
        const auto name = fits(meaning, words, quantile, series.unit);
        if (!name || !unit_fits(meaning, series.unit)) continue;
        Meant meant{&meaning, quantile, std::nullopt, false, *name};
        if (meaning.aggregation != "quantile") {
            meant.quantile.clear();
        } else if (quantile.empty()) {
            if (has_other_statistic(words)) return std::nullopt;
            meant.quantile = "max";
        }
        if (quantile_fits(meaning, meant.quantile)) return meant;
    }
    return std::nullopt;
}

Result<Meant> meant_by_word(std::string_view text) {
    const auto cut = text.find(' ');
    Meant meant;
    meant.told = true;
    if (cut != std::string_view::npos) {
        meant.unit = unit_by_name(text.substr(cut + 1));
        if (!meant.unit)
            return Error{fmt::format("'{}' is no unit (MB, GiB, ms, s, %, cores, /s)", text.substr(cut + 1))};
        text = text.substr(0, cut);
    }
    std::string word(text);
    if (const auto open = word.find('('); open != std::string::npos && word.back() == ')') {
        meant.quantile = word.substr(0, open);
        word = word.substr(open + 1, word.size() - open - 2);
    }
    meant.meaning = find_meaning(word);
    std::vector<std::string> known;
    for (const Meaning& meaning : all_meanings())
        known.push_back(std::string(meaning.aggregation == "quantile" ? "p99(" : "") + std::string(meaning.word) +
                        (meaning.aggregation == "quantile" ? ")" : ""));
    if (meant.meaning == nullptr) {
        return Error{fmt::format("there is no '{}'{}; there are {}, ignore", word, did_you_mean(word, known),
                                 fmt::join(known, ", "))};
    }
    const bool quantiles = meant.meaning->aggregation == "quantile";
    static const std::set<std::string> statistics{"p50", "p90", "p95", "p99", "p99.9", "max"};
    if (quantiles != !meant.quantile.empty() || (quantiles && statistics.count(meant.quantile) == 0) ||
        !quantile_fits(*meant.meaning, meant.quantile)) {
        return Error{quantiles
                         ? fmt::format("'{}' needs its statistic: p95({}), p99({}), max({})", text, word, word, word)
                         : fmt::format("'{}' has no statistics: {}", word, word)};
    }
    return meant;
}

}  // namespace squall::incident
