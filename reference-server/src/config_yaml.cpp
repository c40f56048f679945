// The YAML file: a flat map of settings. Every mistake is reported at once, each where it stands.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "reference-server/src/config.hpp"

namespace squall::reference {
namespace {

std::string position(const std::string& file, const YAML::Mark& mark) {
    return fmt::format("{}:{}:{}", file, mark.line + 1, mark.column + 1);
}

// The known key that differs in the fewest places, for "did you mean"; empty when none is near.
std::string nearest_key(std::string_view key) {
    std::string best;
    std::size_t best_distance = 4;
    for (const Setting& setting : settings()) {
        std::vector<std::size_t> row(setting.name.size() + 1);
        for (std::size_t j = 0; j < row.size(); ++j)
            row[j] = j;
        for (std::size_t i = 1; i <= key.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j < row.size(); ++j) {
                const std::size_t replaced = diagonal + (key[i - 1] == setting.name[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = setting.name;
        }
    }
    return best;
}

std::string unknown_key(const std::string& key) {
    const std::string near = nearest_key(key);
    if (!near.empty()) return fmt::format("unknown key '{}': did you mean '{}'?", key, near);
    return fmt::format("unknown key '{}': --help lists the settings", key);
}

std::string apply_entry(Config& config, const YAML::Node& key, const YAML::Node& value, const std::string& file,
                        Origins& origins) {
    if (!key.IsScalar()) return position(file, key.Mark()) + ": a key has to be a plain word";
    const std::string& key_text = key.Scalar();
    const Setting* setting = find_setting(key_text);
    if (setting == nullptr) return position(file, key.Mark()) + ": " + unknown_key(key_text);
    if (const auto earlier = origins.find(key_text); earlier != origins.end())
        return fmt::format("{}: {} is already set at {}", position(file, key.Mark()), key_text, earlier->second);
    origins[key_text] = position(file, value.Mark());
    if (!value.IsScalar())
        return fmt::format("{}: {}: expected {}", position(file, value.Mark()), key_text, range_text(*setting));
    const std::string problem = assign(config, *setting, value.Scalar());
    if (problem.empty()) return {};
    return fmt::format("{}: {}: '{}' is not possible here: {}", position(file, value.Mark()), key_text, value.Scalar(),
                       problem);
}

}  // namespace

std::vector<std::string> apply_yaml(Config& config, const std::string& document, const std::string& file,
                                    Origins& origins) {
    YAML::Node root;
    try {
        root = YAML::Load(document);
    } catch (const YAML::Exception& error) {
        return {fmt::format("{}: {}", position(file, error.mark), error.msg)};
    }
    if (root.IsNull()) return {};
    if (!root.IsMap()) return {position(file, root.Mark()) + ": expected settings as 'key: value' lines"};
    std::vector<std::string> mistakes;
    for (const auto& entry : root) {
        std::string mistake = apply_entry(config, entry.first, entry.second, file, origins);
        if (!mistake.empty()) mistakes.push_back(std::move(mistake));
    }
    return mistakes;
}

}  // namespace squall::reference
