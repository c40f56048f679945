#include "suites/model/scenario_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "suites/model/suggest.hpp"

namespace squall {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

Mistakes::Mistakes(std::string_view text, std::string file) : text_(text), file_(std::move(file)), line_starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
}

void Mistakes::add(const YAML::Mark& mark, std::string message) {
    const std::size_t line = mark.is_null() ? 0 : static_cast<std::size_t>(mark.line);
    const std::size_t column = mark.is_null() ? 0 : static_cast<std::size_t>(mark.column);
    errors_.push_back({file_, line + 1, column + 1, std::move(message)});
}

void Mistakes::add_inside(const YAML::Node& node, std::size_t offset, std::string message) {
    const YAML::Mark mark = node.Mark();
    const std::string& value = node.Scalar();
    if (mark.is_null() || static_cast<std::size_t>(mark.line) >= line_starts_.size())
        return add(mark, std::move(message));
    std::size_t at = line_starts_[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(mark.column);
    if (at < text_.size() && (text_[at] == '"' || text_[at] == '\'')) ++at;
    if (at < text_.size() && (text_[at] == '>' || text_[at] == '|')) {  // the value begins on a line below
        at = std::min(text_.find('\n', at), text_.size());
        while (at < text_.size() && is_space(text_[at]))
            ++at;
    }
    for (std::size_t i = 0; i < std::min(offset, value.size()); ++i) {
        if (at >= text_.size()) return add(mark, std::move(message));
        if (is_space(value[i]) && is_space(text_[at])) {
            const bool folded = text_[at] == '\n' || text_[at] == '\r' ||
                                text_.find_first_not_of(" \t", at) == text_.find_first_of("\r\n", at);
            ++at;
            while (folded && at < text_.size() && is_space(text_[at]))
                ++at;
        } else if (value[i] == text_[at]) {
            ++at;
        } else {  // an escape: the scalar's own place will have to do
            return add(mark, std::move(message));
        }
    }
    const auto line = std::upper_bound(line_starts_.begin(), line_starts_.end(), at) - line_starts_.begin() - 1;
    const std::size_t column = at - line_starts_[static_cast<std::size_t>(line)];
    errors_.push_back({file_, static_cast<std::size_t>(line) + 1, column + 1, std::move(message)});
}

std::vector<InputError> Mistakes::sorted() && {
    std::stable_sort(errors_.begin(), errors_.end(), [](const InputError& a, const InputError& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return std::move(errors_);
}

bool is_kebab(std::string_view text) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (text.empty() || text.size() > 64 || text[0] < 'a' || text[0] > 'z' || text.back() == '-') return false;
    return text.find_first_not_of(allowed) == text.npos && text.find("--") == text.npos;
}

Section::Section(Mistakes& mistakes, const YAML::Node& node, std::vector<KeySpec> keys, std::string what)
    : mistakes_(mistakes), node_(node), keys_(std::move(keys)), what_(std::move(what)) {
    if (!node.IsMap()) {
        mistakes_.add(node,
                      fmt::format("expected {}, with the key '{}' and others, one a line", what_, keys_[0].spec.name));
        return;
    }
    for (const auto& pair : node)
        take(pair.first, pair.second);
    note_missing();
}

void Section::take(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) return mistakes_.add(key, "a key must be a word");
    const std::string& name = key.Scalar();
    const auto known = std::find_if(keys_.begin(), keys_.end(), [&](const KeySpec& k) { return k.spec.name == name; });
    if (known == keys_.end()) {
        std::vector<std::string> names;
        for (const KeySpec& k : keys_)
            names.push_back(k.spec.name);
        const std::string meant = did_you_mean(name, names);
        return mistakes_.add(key,
                             fmt::format("{} has no key '{}'{}", what_, name,
                                         meant.empty() ? fmt::format("; it has {}", fmt::join(names, ", ")) : meant));
    }
    if (find(name) != nullptr) return mistakes_.add(key, fmt::format("{}: stands twice", name));
    entries_.push_back({name, key, value});
}

void Section::note_missing() {
    for (const KeySpec& key : keys_) {
        if (!key.spec.required || has(key.spec.name)) continue;
        std::string doc = key.spec.doc;
        if (!doc.empty() && doc.back() == '.') doc.pop_back();
        mistakes_.add(node_, fmt::format("{} needs the key '{}': {}", what_, key.spec.name, doc));
    }
}

const Section::Entry* Section::find(std::string_view key) const {
    const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
    return entry == entries_.end() ? nullptr : &*entry;
}

const KeySpec& Section::spec(std::string_view key) const {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const KeySpec& k) { return k.spec.name == key; });
    if (found == keys_.end()) throw std::logic_error(fmt::format("'{}' is in no table", key));
    return *found;
}

void Section::mistake(std::string_view key, std::string message) {
    const Entry* entry = find(key);
    // yaml-cpp places what is missing behind a colon on the next line.
    const bool empty = entry != nullptr && entry->value.IsNull();
    mistakes_.add(entry == nullptr ? node_
                  : empty          ? entry->key_node
                                   : entry->value,
                  fmt::format("{}: {}", key, message));
}

/// The key's text; its default; nothing when it is missing, or no scalar (noted).
std::optional<std::string> Section::scalar(std::string_view key) {
    const Entry* entry = find(key);
    if (entry == nullptr) return spec(key).spec.fallback;
    if (entry->value.IsScalar() && !entry->value.Scalar().empty()) return entry->value.Scalar();
    const bool empty = entry->value.IsNull() || entry->value.IsScalar();
    mistake(key, empty ? "has no value"
                       : fmt::format("expected one value, not a {}", entry->value.IsMap() ? "section" : "list"));
    return std::nullopt;
}

std::optional<Options::Value> Section::option(std::string_view key) {
    const auto text = scalar(key);
    if (!text) return std::nullopt;
    auto value = parse_option(spec(key).spec, *text);
    if (value) return std::move(*value);
    // The message names the key already.
    mistakes_.add(has(key) ? at(key) : node_, value.error().message);
    return std::nullopt;
}

void Section::read(std::string_view key, double& out) {
    if (const auto value = option(key)) out = std::get<double>(*value);
}

void Section::read(std::string_view key, bool& out) {
    if (const auto value = option(key)) out = std::get<bool>(*value);
}

void Section::read_duration(std::string_view key, Nanos& out) {
    if (const auto value = option(key)) out = static_cast<Nanos>(std::get<double>(*value) * 1e9 + 0.5);
}

void Section::read(std::string_view key, std::uint32_t& out) {
    if (spec(key).shape == KeySpec::Shape::whole) {
        std::uint64_t value = out;
        read(key, value);
        out = static_cast<std::uint32_t>(value);
    } else if (const auto value = option(key)) {
        out = static_cast<std::uint32_t>(std::get<double>(*value) + 0.5);
    }
}

void Section::read(std::string_view key, std::uint64_t& out) {
    const auto text = scalar(key);
    if (!text) return;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc{} || end != text->data() + text->size()) {
        return mistake(key, fmt::format("'{}' is no whole number", *text));
    }
    const OptionSpec& range = spec(key).spec;
    const auto as_double = static_cast<double>(value);
    if (as_double < range.min || as_double > range.max) {
        return mistake(key, fmt::format("'{}' is outside {:.0f}..{:.0f}", *text, range.min, range.max));
    }
    out = value;
}

void Section::read(std::string_view key, std::string& out) {
    const auto text = scalar(key);
    if (!text) return;
    if (spec(key).shape == KeySpec::Shape::name && !is_kebab(*text)) {
        return mistake(
            key, fmt::format("'{}' is no name: small letters, digits and single hyphens, such as slow-readers", *text));
    }
    // A folded block ends in a line break, which nobody means.
    const std::string trimmed = text->substr(0, text->find_last_not_of(" \n") + 1);
    if (trimmed.empty()) return mistake(key, "has no value");
    out = trimmed;
}

void Section::read_names(std::string_view key, std::vector<std::string>& out) {
    for (const YAML::Node& element : list(key, limits::phases)) {
        if (element.IsScalar() && is_kebab(element.Scalar())) {
            out.push_back(element.Scalar());
        } else {
            mistakes_.add(element, fmt::format("{}: expected a name", key));
        }
    }
}

void Section::read_texts(std::string_view key, std::vector<std::string>& out) {
    for (const YAML::Node& element : list(key, limits::texts)) {
        if (element.IsScalar() && !element.Scalar().empty()) {
            out.push_back(element.Scalar());
        } else {
            mistakes_.add(element, fmt::format("{}: expected a text", key));
        }
    }
}

std::optional<std::size_t> Section::choice_index(std::string_view key) {
    const auto value = option(key);
    if (!value) return std::nullopt;
    const auto& choices = spec(key).spec.choices;
    return static_cast<std::size_t>(std::find(choices.begin(), choices.end(), std::get<std::string>(*value)) -
                                    choices.begin());
}

std::vector<YAML::Node> Section::list(std::string_view key, std::size_t max) {
    const Entry* entry = find(key);
    if (entry == nullptr) return {};
    if (!entry->value.IsSequence() || entry->value.size() == 0) {
        const auto shape = spec(key).shape;
        mistake(key, shape == KeySpec::Shape::names    ? "expected a list, such as [baseline, pressure]"
                     : shape == KeySpec::Shape::points ? "expected a list, such as [[0, 156], [30, 287]]"
                                                       : "expected a list, each element after a hyphen");
        return {};
    }
    std::vector<YAML::Node> elements(entry->value.begin(), entry->value.end());
    if (elements.size() > max) {
        mistake(key, fmt::format("has {} elements; at most {} are allowed", elements.size(), max));
        elements.resize(max);
    }
    return elements;
}

void Section::belongs(std::string_view key, bool applies, std::string_view to, bool needed) {
    if (!applies && has(key)) mistake(key, fmt::format("belongs to {} only", to));
    if (applies && needed && !has(key)) mistakes_.add(node_, fmt::format("{} needs the key '{}'", to, key));
}

}  // namespace squall
