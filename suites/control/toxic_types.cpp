#include "suites/control/toxic_types.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <vector>

namespace squall::control {
namespace {

namespace json = boost::json;
using proxy::Toxic;

constexpr std::int64_t milliseconds_max = 86'400'000;

struct Attribute {
    const char* name;
    std::int64_t min;
    std::int64_t max;
};

struct Type {
    const char* name;
    std::vector<Attribute> attributes;
    Toxic (*toxic)(const json::object&);
};

std::int64_t number(const json::object& attributes, const char* name) {
    return attributes.at(name).as_int64();
}

Nanos milliseconds(const json::object& attributes, const char* name) {
    return number(attributes, name) * 1'000'000;
}

/// Give or take the jitter; nothing leaves before it came.
Toxic latency(const json::object& attributes) {
    const Nanos middle = milliseconds(attributes, "latency"), jitter = milliseconds(attributes, "jitter");
    const Nanos least = std::max<Nanos>(middle - jitter, 0);
    return {.latency = least, .jitter = middle + jitter - least};
}

/// A kilobyte is 1,000 bytes there.
Toxic bandwidth(const json::object& attributes) {
    return {.rate = 1000.0 * static_cast<double>(number(attributes, "rate"))};
}

Toxic slow_close(const json::object& attributes) {
    return {.linger = milliseconds(attributes, "delay")};
}

Toxic timeout(const json::object& attributes) {
    Toxic toxic{.loses = true};
    if (number(attributes, "timeout") > 0) toxic.close_after = milliseconds(attributes, "timeout");
    return toxic;
}

Toxic reset_peer(const json::object& attributes) {
    return {.close_after = milliseconds(attributes, "timeout"), .resets = true};
}

Toxic slicer(const json::object& attributes) {
    return {.piece = static_cast<std::size_t>(number(attributes, "average_size")),
            .spread = static_cast<std::size_t>(number(attributes, "size_variation")),
            .gap = number(attributes, "delay") * 1000};
}

Toxic limit_data(const json::object& attributes) {
    return {.quota = static_cast<std::uint64_t>(number(attributes, "bytes")), .close_at_quota = true};
}

/// Names, units and meaning: https://github.com/Shopify/toxiproxy#toxics
const std::vector<Type>& types() {
    static const std::vector<Type> all{
        {"bandwidth", {{"rate", 0, 1'000'000'000}}, bandwidth},
        {"latency", {{"latency", 0, milliseconds_max}, {"jitter", 0, milliseconds_max}}, latency},
        {"limit_data", {{"bytes", 1, 1'000'000'000'000}}, limit_data},
        {"reset_peer", {{"timeout", 0, milliseconds_max}}, reset_peer},
        {"slicer",
         {{"average_size", 1, 1'000'000}, {"size_variation", 0, 1'000'000}, {"delay", 0, 1000 * milliseconds_max}},
         slicer},
        {"slow_close", {{"delay", 0, milliseconds_max}}, slow_close},
        {"timeout", {{"timeout", 0, milliseconds_max}}, timeout},
    };
    return all;
}

const Type* find(std::string_view name) {
    const auto found =
        std::find_if(types().begin(), types().end(), [&](const Type& type) { return type.name == name; });
    return found == types().end() ? nullptr : &*found;
}

Result<std::int64_t> whole(const Attribute& attribute, const json::value& value) {
    const Error wrong{fmt::format("attribute '{}' is {}; expected a whole number, {} to {}", attribute.name,
                                  json::serialize(value), attribute.min, attribute.max)};
    if (!value.is_number()) return wrong;
    const double exact = value.to_number<double>();
    if (exact != std::floor(exact) || exact < static_cast<double>(attribute.min) ||
        exact > static_cast<double>(attribute.max)) {
        return wrong;
    }
    return static_cast<std::int64_t>(exact);
}

}  // namespace

std::string toxic_types() {
    std::vector<std::string_view> names;
    for (const Type& type : types())
        names.emplace_back(type.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

Result<json::object> attributes_of(std::string_view type, const json::object& given, const json::object& before) {
    const Type* known = find(type);
    if (known == nullptr) return Error{fmt::format("'{}' is none of {}", type, toxic_types())};
    std::vector<std::string_view> names;
    for (const Attribute& attribute : known->attributes)
        names.emplace_back(attribute.name);
    for (const auto& [name, value] : given) {
        if (std::find(names.begin(), names.end(), std::string_view(name)) == names.end()) {
            return Error{fmt::format("'{}' is no attribute of {}, which has {}", std::string_view(name), type,
                                     fmt::join(names, ", "))};
        }
    }
    json::object attributes = before;
    for (const Attribute& attribute : known->attributes) {
        const json::value* value = given.if_contains(attribute.name);
        if (value == nullptr && attributes.contains(attribute.name)) continue;
        const auto number = whole(attribute, value == nullptr ? json::value(0) : *value);
        if (!number) return number.error();
        attributes[attribute.name] = *number;
    }
    return attributes;
}

proxy::Toxic treatment_of(std::string_view type, const json::object& attributes) {
    return find(type)->toxic(attributes);
}

}  // namespace squall::control
