#include "suites/control/fields.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "suites/control/api.hpp"
#include "suites/control/toxic_types.hpp"

namespace squall::control {
namespace {

namespace json = boost::json;

/// Null where there is nothing.
const json::value* find(const json::object& object, const char* key) {
    const json::value* value = object.if_contains(key);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::string> unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        unsigned char byte = 0;
        const char* digits = text.data() + i + 1;
        if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
            return Error{fmt::format("'{}': a '%' without two hexadecimal digits behind it", text)};
        }
        plain += static_cast<char>(byte);
        i += 2;
    }
    return plain;
}

}  // namespace

Result<std::vector<std::string>> segments_of(std::string_view target) {
    target = target.substr(0, target.find('?'));
    std::vector<std::string> segments;
    while (!target.empty()) {
        target.remove_prefix(target.front() == '/' ? 1 : 0);
        const std::size_t end = std::min(target.find('/'), target.size());
        auto segment = unescaped(target.substr(0, end));
        if (!segment) return segment.error();
        if (!segment->empty()) segments.push_back(std::move(*segment));
        target.remove_prefix(end);
    }
    return segments;
}

Result<json::object> object_of(std::string_view body) {
    json::error_code malformed;
    json::value value = json::parse({body.data(), body.size()}, malformed);
    if (malformed) return Error{"not JSON: " + malformed.message()};
    if (!value.is_object()) return Error{"expected a JSON object"};
    return std::move(value.as_object());
}

Result<std::string> text_of(const json::object& object, const char* key, const std::string& fallback) {
    const json::value* value = find(object, key);
    if (value == nullptr) return fallback;
    if (!value->is_string()) return Error{fmt::format("{}: expected a string", key)};
    return std::string(value->as_string());
}

Result<bool> flag_of(const json::object& object, const char* key, bool fallback) {
    const json::value* value = find(object, key);
    if (value == nullptr) return fallback;
    if (!value->is_bool()) return Error{fmt::format("{}: expected true or false", key)};
    return value->as_bool();
}

Result<NamedToxic> toxic_of(const json::object& object, const NamedToxic& before) {
    NamedToxic toxic = before;
    if (before.type.empty()) {
        const auto type = text_of(object, "type", "");
        if (!type) return type.error();
        const auto stream = text_of(object, "stream", "downstream");
        if (!stream) return stream.error();
        if (*stream != "upstream" && *stream != "downstream") {
            return Error{"stream was invalid, can be either upstream or downstream"};
        }
        const auto name = text_of(object, "name", "");
        if (!name) return name.error();
        if (name->size() > name_bytes_max) return Error{fmt::format("name: more than {} bytes", name_bytes_max)};
        toxic.type = *type;
        toxic.upstream = *stream == "upstream";
        toxic.name = name->empty() ? *type + "_" + *stream : *name;
    }
    if (const json::value* toxicity = find(object, "toxicity")) {
        toxic.toxicity = toxicity->is_number() ? toxicity->to_number<double>() : -1;
        if (!(toxic.toxicity >= 0 && toxic.toxicity <= 1)) return Error{"toxicity: expected a number, 0 to 1"};
    }
    const json::value* given = find(object, "attributes");
    if (given != nullptr && !given->is_object()) return Error{"attributes: expected an object"};
    auto attributes =
        attributes_of(toxic.type, given == nullptr ? json::object{} : given->as_object(), before.attributes);
    if (!attributes) return Error{"invalid toxic type or attribute: " + attributes.error().message};
    toxic.attributes = std::move(*attributes);
    return toxic;
}

}  // namespace squall::control
