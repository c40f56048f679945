// Reading YAML by the tables of scenario_keys.hpp, every mistake noted with its place, none of them fatal.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/model/scenario.hpp"
#include "suites/model/scenario_keys.hpp"

namespace squall {

/// Where mistakes are collected. Marks of yaml-cpp 0.7 count from 0, in bytes.
class Mistakes {
public:
    Mistakes(std::string_view text, std::string file);

    void add(const YAML::Mark& mark, std::string message);
    void add(const YAML::Node& node, std::string message) { add(node.Mark(), std::move(message)); }
    /// At `offset` into a scalar's value: quotes, and line breaks that YAML folded into one blank, are stepped over.
    void add_inside(const YAML::Node& scalar, std::size_t offset, std::string message);

    std::vector<InputError> sorted() &&;

private:
    std::string_view text_;
    std::string file_;
    std::vector<std::size_t> line_starts_;
    std::vector<InputError> errors_;
};

/// A name: kebab-case, begins with a letter.
bool is_kebab(std::string_view text);

/// One map of the file. The constructor notes keys that are unknown (did you mean …), stand twice, or are missing.
class Section {
public:
    /// `what`: "a cohort", for messages. A node that is no map is noted and read as an empty one.
    Section(Mistakes& mistakes, const YAML::Node& node, std::vector<KeySpec> keys, std::string what);

    bool has(std::string_view key) const { return find(key) != nullptr; }
    const YAML::Node& node() const { return node_; }
    /// Of a key that is there.
    const YAML::Node& at(std::string_view key) const { return find(key)->value; }

    /// Each leaves `out` alone when the key is missing without a default, or wrong (noted).
    void read(std::string_view key, std::string& out);  ///< name, text, choice
    void read(std::string_view key, double& out);
    void read(std::string_view key, bool& out);
    void read(std::string_view key, std::uint64_t& out);
    void read(std::string_view key, std::uint32_t& out);
    void read_duration(std::string_view key, Nanos& out);
    void read_names(std::string_view key, std::vector<std::string>& out);
    void read_texts(std::string_view key, std::vector<std::string>& out);
    std::optional<Options::Value> option(std::string_view key);  ///< given or default

    /// Position in the choices.
    template <class Enum>
    void read_choice(std::string_view key, Enum& out) {
        const auto index = choice_index(key);
        if (index) out = static_cast<Enum>(*index);
    }

    /// The list's elements; at most `max`. Notes anything else.
    std::vector<YAML::Node> list(std::string_view key, std::size_t max);

    /// `key` belongs to `to` ("mode: limited"): a mistake otherwise, and when it is missing there although needed.
    void belongs(std::string_view key, bool applies, std::string_view to, bool needed = false);

    void mistake(std::string_view key, std::string message);  ///< at the key's value, or at the section without it

private:
    struct Entry {
        std::string key;
        YAML::Node key_node;
        YAML::Node value;
    };

    void take(const YAML::Node& key, const YAML::Node& value);
    void note_missing();
    const Entry* find(std::string_view key) const;
    const KeySpec& spec(std::string_view key) const;
    std::optional<std::string> scalar(std::string_view key);
    std::optional<std::size_t> choice_index(std::string_view key);

    Mistakes& mistakes_;
    YAML::Node node_;
    std::vector<KeySpec> keys_;
    std::string what_;
    std::vector<Entry> entries_;
};

}  // namespace squall
