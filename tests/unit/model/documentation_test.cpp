// The reference pages name all that there is.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "suites/model/metric.hpp"
#include "suites/model/scenario.hpp"
#include "suites/model/scenario_keys.hpp"

namespace squall {
namespace {

std::string page(const std::string& name) {
    std::ifstream stream(std::string(SQUALL_REFERENCE) + "/" + name);
    EXPECT_TRUE(stream) << name;
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(Documentation, ListsEveryMetricAsItIs) {
    const std::string text = page("metrics.md");
    for (const Metric& metric : all_metrics()) {
        const std::string row = "| `" + std::string(metric.name) + "` | " + std::string(to_string(metric.kind)) + " |";
        EXPECT_NE(text.find(row), std::string::npos) << row;
        for (const std::string_view label : metric.labels) {
            EXPECT_NE(text.find("`" + std::string(label) + "`"), std::string::npos) << label;
        }
    }
}

void expect_named(const std::string& text, const std::vector<KeySpec>& keys) {
    for (const KeySpec& key : keys) {
        if (key.keys != nullptr) expect_named(text, key.keys());
        const bool whole = key.spec.name != "target" && key.spec.name != "rig";  // named with what is in them
        if (whole) {
            EXPECT_NE(text.find(key.spec.name), std::string::npos) << key.spec.name;
        }
    }
}

TEST(Documentation, ListsEveryKeyAndSetting) {
    const std::string text = page("scenario.md");
    expect_named(text, scenario_keys());
    for (const OptionSpec& setting : target_settings()) {
        EXPECT_NE(text.find("`" + setting.name + "`"), std::string::npos) << setting.name;
    }
}

}  // namespace
}  // namespace squall
