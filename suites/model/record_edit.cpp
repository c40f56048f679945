// A scenario's text with other values of its free parameters: scalars are replaced where they stand, so that comments
// and layout remain the author's.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>

#include "suites/model/scenario.hpp"

namespace squall {
namespace {

using What = FreeParameter::What;

struct Edit {
    std::size_t at = 0;
    std::size_t length = 0;
    std::string text;
};

class Editor {
public:
    explicit Editor(std::string_view text) : text_(text) {}

    void replace(const YAML::Node& scalar, std::string value) {
        const YAML::Mark mark = scalar.Mark();
        const std::string& old = scalar.Scalar();
        std::size_t at = mark.is_null() ? text_.size() : static_cast<std::size_t>(mark.pos);
        if (at < text_.size() && (text_[at] == '"' || text_[at] == '\'')) ++at;
        if (text_.substr(std::min(at, text_.size()), old.size()) != old) {
            problem_ =
                fmt::format("'{}' is written in a way that cannot be replaced; write it plainly where it stands", old);
            return;
        }
        edits_.push_back({at, old.size(), std::move(value)});
    }

    Result<std::string> done() && {
        if (!problem_.empty()) return Error{problem_};
        std::sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) { return a.at > b.at; });
        std::string text(text_);
        for (const Edit& edit : edits_)  // from the back: what is in front stays where it is
            text.replace(edit.at, edit.length, edit.text);
        return text;
    }

private:
    std::string_view text_;
    std::vector<Edit> edits_;
    std::string problem_;
};

YAML::Node cohort(const YAML::Node& root, std::string_view name) {
    for (const YAML::Node& one : root["cohorts"]) {
        if (one["name"].Scalar() == name) return one;
    }
    return {};
}

double connections(const YAML::Node& cohort) {
    return std::stod(cohort["connections"].Scalar());
}

/// Everybody who is not slow is healthy: the number of all stays.
void replace_share(Editor& editor, const YAML::Node& root, double share) {
    const YAML::Node slow = cohort(root, "slow"), healthy = cohort(root, "healthy");
    double all = 0;
    for (const YAML::Node& one : root["cohorts"])
        all += connections(one);
    const double both = connections(slow) + connections(healthy);
    const double some = std::clamp(std::round(share * all), 1.0, std::max(both - 1, 1.0));
    editor.replace(slow["connections"], fmt::format("{:.0f}", some));
    editor.replace(healthy["connections"], fmt::format("{:.0f}", both - some));
}

/// Of the cohort, and of those whom a fault makes slow as well.
void replace_rate(Editor& editor, const YAML::Node& root, const std::string& rate) {
    editor.replace(cohort(root, "slow")["reading"]["rate"], rate);
    for (const YAML::Node& phase : root["phases"]) {
        for (const YAML::Node& fault : phase["faults"])
            if (fault["fault"].Scalar() == "slow-reader" && fault["rate"]) editor.replace(fault["rate"], rate);
    }
}

void replace_bound(Editor& editor, const YAML::Node& root, double bound) {
    const YAML::Node settings = root["target"]["settings"];
    editor.replace(settings["queue_messages_high"], written(What::queue_bound, bound));
    if (settings["queue_messages_low"])
        editor.replace(settings["queue_messages_low"], fmt::format("{:.0f}", std::floor(bound / 2)));
}

}  // namespace

Result<std::string> with_free_values(std::string_view text, const std::vector<FreeValue>& values) {
    const YAML::Node root = YAML::Load(std::string(text));
    Editor editor(text);
    for (FreeValue wanted : values) {
        // What is written has three digits: what follows from it is to follow from those.
        wanted.value = parse_quantity(written(wanted.what, wanted.value))->value;
        switch (wanted.what) {
            case What::slow_share:
                replace_share(editor, root, wanted.value);
                break;
            case What::slow_rate:
                replace_rate(editor, root, written(wanted.what, wanted.value));
                break;
            case What::queue_bound:
                replace_bound(editor, root, wanted.value);
                break;
        }
        for (const YAML::Node& free : root["record"]["free"]) {
            if (free["what"].Scalar() == to_string(wanted.what))
                editor.replace(free["at"], written(wanted.what, wanted.value));
        }
    }
    return std::move(editor).done();
}

}  // namespace squall
