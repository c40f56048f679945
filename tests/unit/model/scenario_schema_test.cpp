#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <regex>

#include "suites/model/scenario_keys.hpp"
#include "tests/unit/model/scenario_faults.hpp"

namespace squall {
namespace {

namespace json = boost::json;

const json::value& at(const json::value& root, std::initializer_list<const char*> path) {
    const json::value* value = &root;
    for (const char* key : path)
        value = &value->at(key);
    return *value;
}

std::string written(const json::value& value) {
    return std::string(value.as_string());
}

class ScenarioSchema : public testing::Test {
protected:
    const std::vector<Fault> faults = test_faults();
    const std::string text = scenario_schema(faults);
    const json::value schema = json::parse(text);
};

TEST_F(ScenarioSchema, IsDraft202012AndClosed) {
    EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema.at("additionalProperties"), false);
    EXPECT_EQ(schema.at("required"), json::value({"name", "summary", "cohorts", "phases", "invariants"}));
}

void expect_keys(const json::value& section, const std::vector<KeySpec>& keys) {
    for (const KeySpec& key : keys) {
        const json::value& property = at(section, {"properties", key.spec.name.c_str()});
        EXPECT_EQ(written(property.at("description")), key.spec.doc);
    }
}

TEST_F(ScenarioSchema, HasEveryKeyWithItsSentence) {
    expect_keys(schema, scenario_keys());
    expect_keys(at(schema, {"properties", "cohorts", "items"}), cohort_keys());
    expect_keys(at(schema, {"properties", "publishers", "items"}), publisher_keys());
    expect_keys(at(schema, {"properties", "phases", "items"}), phase_keys());
    const json::value& settings = at(schema, {"properties", "target", "properties", "settings"});
    for (const OptionSpec& setting : target_settings()) {
        EXPECT_EQ(written(at(settings, {"properties", setting.name.c_str(), "description"})), setting.doc);
    }
}

TEST_F(ScenarioSchema, HasEveryFaultAndItsOptions) {
    for (const Fault& fault : faults) {
        const std::string definition = "fault-" + fault.name;
        const json::value& schema_of_fault = at(schema, {"$defs", definition.c_str()});
        EXPECT_EQ(written(at(schema_of_fault, {"properties", "fault", "const"})), fault.name);
        for (const OptionSpec& option : fault.options) {
            EXPECT_EQ(written(at(schema_of_fault, {"properties", option.name.c_str(), "description"})), option.doc);
        }
        EXPECT_EQ(schema_of_fault.at("properties").as_object().contains("cohort"), fault.aimed);
    }
}

TEST_F(ScenarioSchema, PatternsTakeWhatTheParserTakes) {
    const auto pattern = [&](std::initializer_list<const char*> path) {
        return std::regex(std::string(at(schema, path).as_string()), std::regex::ECMAScript);
    };
    const std::regex time = pattern({"properties", "settle", "pattern"});
    for (const char* good : {"1s", "1.5 ms", "500us", "2h"})
        EXPECT_TRUE(std::regex_match(good, time)) << good;
    for (const char* bad : {"1", "s", "1parsec", "1KiB"})
        EXPECT_FALSE(std::regex_match(bad, time)) << bad;
    const std::regex rate = pattern({"properties", "cohorts", "items", "properties", "connect_rate", "pattern"});
    EXPECT_TRUE(std::regex_match("1000/s", rate));
    EXPECT_FALSE(std::regex_match("1000", rate));
    const std::regex buffer = pattern({"properties", "cohorts", "items", "properties", "receive_buffer", "pattern"});
    EXPECT_TRUE(std::regex_match("4KiB", buffer));
}

TEST_F(ScenarioSchema, IsReadable) {
    EXPECT_GT(std::count(text.begin(), text.end(), '\n'), 100);
    EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace squall
