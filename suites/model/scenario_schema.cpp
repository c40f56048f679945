// The JSON Schema (draft 2020-12) of scenario files, from the tables that the parser reads.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "suites/model/scenario.hpp"
#include "suites/model/scenario_keys.hpp"

namespace squall {
namespace {

namespace json = boost::json;
using Shape = KeySpec::Shape;

constexpr std::string_view name_pattern = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";

/// How a quantity of this dimension is written.
std::string pattern(Dimension dimension) {
    constexpr std::string_view number = "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?";
    constexpr std::string_view bytes = "(B|KB|MB|GB|KiB|MiB|GiB)";
    if (dimension == dimension::time) return fmt::format("^{} ?(ns|us|ms|s|m|h)$", number);
    if (dimension == dimension::bytes) return fmt::format("^{} ?{}$", number, bytes);
    if (dimension == dimension::cores) return fmt::format("^{}( ?cores?)?$", number);
    if (dimension == dimension::rate) return fmt::format("^{}/s$", number);
    if (dimension == dimension::bandwidth) return fmt::format("^{} ?{}/s$", number, bytes);
    return fmt::format("^{} ?%?$", number);
}

bool may_be_number(Dimension dimension) {
    return dimension == dimension::none || dimension == dimension::cores;
}

json::object quantity_schema(const OptionSpec& spec) {
    json::object schema{{"type", "string"}, {"pattern", pattern(spec.dimension)}};
    if (may_be_number(spec.dimension)) {
        schema["type"] = json::array{"string", "number"};
        schema["minimum"] = spec.min;
        if (spec.max < 1e18) schema["maximum"] = spec.max;
    }
    return schema;
}

json::object scalar_schema(const OptionSpec& spec) {
    switch (spec.kind) {
        case OptionSpec::Kind::quantity:
            return quantity_schema(spec);
        case OptionSpec::Kind::curve:
            return {{"type", json::array{"string", "number"}},
                    {"examples", json::array{"0.25", "1.0 -> 0.25 over 5s", "1.0, 0.5 at 2s, 0.25 at 4s"}}};
        case OptionSpec::Kind::choice:
            return {{"enum", json::array(spec.choices.begin(), spec.choices.end())}};
        case OptionSpec::Kind::flag:
            return {{"type", "boolean"}};
    }
    return {};
}

json::object section_schema(const std::vector<KeySpec>& keys);

json::object settings_schema() {
    std::vector<KeySpec> keys;
    for (const OptionSpec& spec : target_settings())
        keys.push_back({.shape = Shape::scalar, .spec = spec});
    return section_schema(keys);
}

/// Which options stand beside `fault` depends on the fault: one definition each, chosen by its name.
json::object fault_schema(const std::vector<Fault>& faults) {
    json::array names, choices;
    for (const Fault& fault : faults) {
        names.push_back(json::string(fault.name));
        choices.push_back(json::object{
            {"if", {{"properties", {{"fault", {{"const", fault.name}}}}}, {"required", json::array{"fault"}}}},
            {"then", {{"$ref", "#/$defs/fault-" + fault.name}}}});
    }
    return {{"type", "object"},
            {"properties", {{"fault", {{"enum", std::move(names)}}}}},
            {"required", json::array{"fault"}},
            {"allOf", std::move(choices)}};
}

json::object with_shorthand(const KeySpec& key, json::object section) {
    switch (key.shorthand) {
        case KeySpec::Shorthand::none:
            return section;
        case KeySpec::Shorthand::scalar:
            return {{"anyOf", json::array{scalar_schema(key.spec), std::move(section)}}};
        case KeySpec::Shorthand::text:
            return {{"anyOf", json::array{json::object{{"type", "string"}, {"minLength", 1}}, std::move(section)}}};
    }
    return section;
}

json::object key_schema(const KeySpec& key) {
    const json::object name{{"type", "string"}, {"pattern", name_pattern}};
    switch (key.shape) {
        case Shape::name:
            return name;
        case Shape::text:
            return {{"type", "string"}, {"minLength", 1}};
        case Shape::whole:
            return {{"type", "integer"}, {"minimum", key.spec.min}, {"maximum", key.spec.max}};
        case Shape::scalar:
            return scalar_schema(key.spec);
        case Shape::names:
            return {{"type", "array"}, {"minItems", 1}, {"items", name}};
        case Shape::texts:
            return {{"type", "array"}, {"minItems", 1}, {"items", {{"type", "string"}, {"minLength", 1}}}};
        case Shape::section:
            return with_shorthand(key, section_schema(key.keys()));
        case Shape::sections: {
            json::object items = key.keys == fault_keys ? json::object{{"$ref", "#/$defs/fault"}}
                                                        : with_shorthand(key, section_schema(key.keys()));
            return {{"type", "array"}, {"minItems", 1}, {"items", std::move(items)}};
        }
        case Shape::pairs:
            return {{"type", "object"},
                    {"propertyNames", {{"pattern", name_pattern}}},
                    {"additionalProperties", {{"type", "string"}}}};
        case Shape::settings:
            return settings_schema();
        case Shape::points: {
            const json::object number{{"type", "number"}, {"minimum", 0}};
            const json::object point{{"type", "array"}, {"minItems", 2}, {"maxItems", 2}, {"items", number}};
            return {{"type", "array"}, {"minItems", 2}, {"items", point}};
        }
        case Shape::quantity:
            return {{"type", json::array{"string", "number"}}};
    }
    return {};
}

json::object section_schema(const std::vector<KeySpec>& keys) {
    json::object properties;
    json::array required;
    for (const KeySpec& key : keys) {
        json::object schema = key_schema(key);
        schema["description"] = key.spec.doc;
        if (key.spec.fallback) schema["default"] = *key.spec.fallback;
        properties[key.spec.name] = std::move(schema);
        if (key.spec.required) required.push_back(json::string(key.spec.name));
    }
    json::object schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
}

/// Boost.JSON prints one line; people review this file.
void print(std::string& out, const json::value& value, std::size_t indent) {
    const std::string margin(indent + 2, ' ');
    const auto separate = [&](bool& first) {
        out += first ? "\n" : ",\n";
        out += margin;
        first = false;
    };
    bool first = true;
    if (value.is_object() && !value.get_object().empty()) {
        out += '{';
        for (const auto& [key, member] : value.get_object()) {
            separate(first);
            out += json::serialize(json::string(key)) + ": ";
            print(out, member, indent + 2);
        }
        out += '\n' + std::string(indent, ' ') + '}';
    } else if (value.is_array() && !value.get_array().empty() && !value.get_array().front().is_string()) {
        out += '[';
        for (const json::value& element : value.get_array()) {
            separate(first);
            print(out, element, indent + 2);
        }
        out += '\n' + std::string(indent, ' ') + ']';
    } else if (value.is_double()) {
        out += fmt::format("{}", value.get_double());
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string scenario_schema(const std::vector<Fault>& faults) {
    json::object definitions{{"fault", fault_schema(faults)}};
    for (const Fault& fault : faults) {
        json::object schema = section_schema(keys_of(fault));
        schema["properties"].as_object()["fault"] = json::object{{"const", fault.name}, {"description", fault.summary}};
        schema["description"] = fault.summary;
        definitions["fault-" + fault.name] = std::move(schema);
    }
    json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "squall scenario"}};
    for (auto& [key, value] : section_schema(scenario_keys()))
        schema[key] = std::move(value);
    schema["$defs"] = std::move(definitions);
    std::string text;
    print(text, schema, 0);
    return text + '\n';
}

}  // namespace squall
